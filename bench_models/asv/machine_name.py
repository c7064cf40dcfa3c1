"""The machine name under which asv stores results: equal names make one line of the history."""

import re

from asv.machine import MachineCollection

from bench_models.asv.history import knows_machine, machine_name
from bench_models.machine import this_machine

_NO_NAME = re.compile(r"[^a-z0-9]+")
_GIB = 2**30


def name_machine() -> str:
    """Tell asv what to call this machine, unless it knows already, and return the name.

    asv's own default is the host's name, and a hosted runner gets a new one every time: each commit would be the only
    one of its machine. Named by its processor, it shares a line with those that may be compared with it.
    """
    if not knows_machine():
        machine = this_machine()
        name = f"{_NO_NAME.sub('-', machine.cpu.lower()).strip('-')}-{machine.cores}-cores"
        system, _, architecture = machine.system.partition(" ")
        about = {
            "machine": name,
            "os": system,  # not its release, which changes every week: asv draws a new line for any difference
            "arch": architecture,
            "cpu": machine.cpu,
            "num_cpu": str(machine.cores),
            "ram": f"{round(machine.memory_bytes / _GIB)} GiB",
        }
        MachineCollection.save(name, about)
    return machine_name()
