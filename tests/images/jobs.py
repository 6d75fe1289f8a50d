"""Jobs for the tests of containers."""

#: A Python program: runs the shell command that it is given as a job, and prints what that prints.
ONE_JOB = """\
import htcondor2, pathlib, sys
job = htcondor2.Submit({
    'executable': '/bin/sh', 'transfer_executable': 'false',
    'arguments': f'''"-c 'exec > out; {sys.argv[1]}'"''',
    'log': 'log', 'transfer_output_files': 'out',
})
htcondor2.Schedd().submit(job)
ends = (htcondor2.JobEventType.JOB_TERMINATED, htcondor2.JobEventType.JOB_HELD)
for event in htcondor2.JobEventLog('log').events(stop_after=30):
    if event.type in ends: break
print(pathlib.Path('out').read_text(), end='')
"""
