"""The names of map options: which there are, and which of them htmap keeps for itself."""

from __future__ import annotations

import re

from htmap.exceptions import InvalidMapOption, ReservedOptionKeyword

# What htmap says itself, in all of condor_submit's names for it and as attributes of the job.
_RESERVED = {
    word: reason
    for reason, words in {
        "htmap's own runner is what each job runs": """
            args arguments arguments2 cmd executable jobuniverse remote_initialdir shell
            transfer_executable transferexecutable universe""",
        "htmap keeps what a component prints; Map.stdout and Map.stderr have it": """
            err error out output stderr stdout transfer_error transfer_output""",
        "the files of a map have their places in its folder": """
            initial_dir initialdir iwd job_iwd log log_xml output_destination output_directory
            outputdestination userlog userlogusexml""",
        "htmap says what is transferred; give inputs as fixed_input_files or input_files": """
            output_remaps preserve_relative_paths preserverelativepaths should_transfer_files
            shouldtransferfiles transfer_files transfer_input_files transfer_output_files
            transfer_output_remaps transferinput transferinputfiles transferoutput
            transferinputremaps transferoutputfiles transferoutputremaps when_to_transfer_output
            whentotransferoutput""",
        "the name of the batch is the map's tag": "batch_name jobbatchname",
        "htmap finds its jobs by it": """
            component firstinput htmapid htmapoutputs htmaprun inputarrivals inputcount inputpack
            ishtmapjob lognotes moreinputfiles outputdestinations promisedoutputs
            submit_event_notes submit_event_user_notes submiteventnotes
            submiteventusernotes""",
        "it is a word of HTCondor's submit language": """
            cluster clusterid dollar elif else endif if include item itemindex node process procid
            queue row step use warning""",
    }.items()
    for word in words.split()
}
_OURS = re.compile(r"option\d+")
# Commands that htmap has defaults for, in their other spelling: with both, one would be ignored.
_SAME = {f"request{what}": f"request_{what}" for what in ("cpus", "memory", "disk", "gpus")}
_NAME = re.compile(r"[a-z_][a-z0-9_]*")
_CUSTOM = re.compile(r"(?:\+|my\.)+")


def normal(name: str) -> str:
    """Return the one way to write a name: lower case, and MY. where a submit file may have +."""
    lower = name.lower()
    prefix = _CUSTOM.match(lower)
    return f"MY.{lower[prefix.end() :]}" if prefix else _SAME.get(lower, lower)


def checked(name: str) -> str:
    """Return the one way to write the name of an option.

    Raises
    ------
    InvalidMapOption
        If it is none.
    ReservedOptionKeyword
        If htmap itself says what it would say.
    """
    if not isinstance(name, str):
        raise InvalidMapOption(f"the name of a map option is a str, not {name!r}")
    written = normal(name)
    bare = written.removeprefix("MY.")
    # Names become submit language, so they are made of nothing that has a meaning there.
    if not _NAME.fullmatch(bare):
        raise InvalidMapOption(
            f"{name!r} cannot be the name of a map option: it has to be a word of letters, digits "
            "and _, and may begin with + or MY. for an attribute of your own"
        )
    reason = _RESERVED.get(bare) or ("htmap uses it itself" if _OURS.fullmatch(bare) else None)
    if reason:
        raise ReservedOptionKeyword(f"{name!r} cannot be a map option: {reason}")
    return written
