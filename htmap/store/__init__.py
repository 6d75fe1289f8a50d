"""Everything that is on disk, and the only code that knows a path's shape.

Layout of the HTMap directory (mode 0700)::

    tags/<tag>              which map the tag stands for; made atomically
    journal/                what is being done to a map, until it is done (htmap.store.journal)
    logs/htmap.log          what was done to maps (htmap.store.history)
    runners/<digest>.pyz    the zip application that travels with jobs
    timings/<function>      how long components of a function took (htmap.store.timings)
    maps/<id>/
        map.json            number of components, time of creation, which function it is
        state               what was known of the components at the last save: a cache
        transient           marker: the map was made without a tag
        function.pack       the mapped function
        runner.pyz          hard link to the runner that the map was made with
        request_memory      MB that reruns ask for, once set_memory has set it; likewise
        request_disk        KB, by set_disk
        events              HTCondor's job event log of all runs
        links/              links to files that are sent by another name than their own
        _htmap/             empty: what a job's folder of files that travel back is made from
        runs/<k>/           one submission: 0 is the map's first, each rerun adds one
            run.json        which components it runs, how they are divided into jobs
            cluster         the HTCondor cluster and its queue, written once they are known
            inputs/<n>      packs of inputs, each of one job or of several
            outputs/<p>     output pack of job (process) p
            stdout/<p> stderr/<p>
            files/<component>/      what the component had transferred
            checkpoints/<component>/  what was left of one that died, after a checkpoint
"""
