"""The surface of HTMap 0.6: its names, with the parameters that scripts written for it use.

Each row is a callable as HTMap 0.6 had it. Here it takes the same parameters in the same places
with the same defaults; what is new comes after them and may be left out.
"""

import inspect

import pytest

import htmap

NAMES = [
    "BASE_SETTINGS",
    "USER_SETTINGS",
    "settings",
    "__version__",
    "version",
    "version_info",
    "exceptions",
    "checkpoint",
    "ComponentError",
    "ComponentHold",
    "Transplant",
    "clean",
    "load",
    "load_maps",
    "remove",
    "status",
    "status_csv",
    "status_json",
    "transplant_info",
    "transplants",
    "MappedFunction",
    "mapped",
    "MapBuilder",
    "build_map",
    "map",
    "starmap",
    "Map",
    "MapOutputFiles",
    "MapStdErr",
    "MapStdOut",
    "MapOptions",
    "register_delivery_method",
    "ComponentStatus",
    "get_tags",
    "TransferPath",
    "transfer_output_files",
]

CALLABLES = {
    # Making maps
    "map": "func, args, map_options=None, tag=None, quiet=False",
    "starmap": "func, args=None, kwargs=None, map_options=None, tag=None, quiet=False",
    "build_map": "func, map_options=None, tag=None",
    "mapped": "map_options=None",
    "MappedFunction": "func, map_options=None",
    "MappedFunction.map": "self, args, tag=None, map_options=None",
    "MappedFunction.starmap": "self, args=None, kwargs=None, tag=None, map_options=None",
    "MappedFunction.build_map": "self, tag=None, map_options=None",
    "MapBuilder": "func, map_options=None, tag=None",
    # Maps
    "Map.load": "tag",
    "Map.get": "self, component, timeout=None",
    "Map.get_err": "self, component, timeout=None",
    "Map.iter": "self, timeout=None",
    "Map.iter_with_inputs": "self, timeout=None",
    "Map.iter_as_available": "self, timeout=None",
    "Map.iter_as_available_with_inputs": "self, timeout=None",
    "Map.iter_inputs": "self",
    "Map.wait": ("self, timeout=None, show_progress_bar=False, holds_ok=False, errors_ok=False"),
    "Map.components_by_status": "self",
    "Map.status": "self",
    "Map.hold_report": "self",
    "Map.error_reports": "self",
    "Map.hold": "self",
    "Map.release": "self",
    "Map.pause": "self",
    "Map.resume": "self",
    "Map.vacate": "self",
    "Map.set_memory": "self, memory",
    "Map.set_disk": "self, disk",
    "Map.remove": "self, force=False",
    "Map.rerun": "self, components=None",
    "Map.retag": "self, tag",
    "MapStdOut.get": "self, component, timeout=None",
    "MapStdErr.get": "self, component, timeout=None",
    "MapOutputFiles.get": "self, component, timeout=None",
    # Errors and holds
    "ComponentError.report": "self",
    "ComponentStatus.display_statuses": "",
    # Options and files
    "MapOptions": (
        "*, fixed_input_files=None, input_files=None, output_remaps=None, custom_options=None"
    ),
    "MapOptions.merge": "*others",
    "TransferPath": "path, protocol=None, location=None",
    "TransferPath.cwd": "",
    "TransferPath.home": "",
    "TransferPath.as_url": "self",
    "transfer_output_files": "*paths",
    "checkpoint": "*paths",
    # Management
    "get_tags": "pattern=None",
    "load": "tag",
    "load_maps": "pattern=None",
    "remove": "tag, not_exist_ok=True",
    "clean": "*, all=False",
    "status": "maps=None, include_state=True, include_meta=True",
    "status_json": "maps=None, include_state=True, include_meta=True, compact=False",
    "status_csv": "maps=None, include_state=True, include_meta=True",
    "transplants": "",
    "transplant_info": "",
    "Transplant.load": "path",
    "Transplant.remove": "self",
    "version": "",
    "version_info": "",
    "register_delivery_method": "name, descriptors_func, setup_func=None",
    # Settings
    "settings.get": "key, default=None",
    "settings.to_dict": "",
    "settings.replace": "other",
    "settings.append": "other",
    "settings.prepend": "other",
    "settings.load": "path",
    "settings.save": "path",
    "settings.from_settings": "*settings",
}

PROPERTIES = [
    "tag",
    "components",
    "is_done",
    "is_active",
    "component_statuses",
    "holds",
    "errors",
    "memory_usage",
    "runtime",
    "local_data",
    "exists",
    "is_transient",
    "stdout",
    "stderr",
    "output_files",
]

EXCEPTIONS = [
    "TimeoutError",
    "MissingSetting",
    "OutputNotFound",
    "NoMapYet",
    "TagAlreadyExists",
    "InvalidTag",
    "TagNotFound",
    "EmptyMap",
    "ReservedOptionKeyword",
    "MisalignedInputData",
    "CannotRetagMap",
    "CannotRerunComponents",
    "MapWasRemoved",
    "UnknownPythonDeliveryMethod",
    "InvalidOutputStatus",
    "MapComponentError",
    "MapComponentHeld",
    "ExpectedError",
    "CannotTransplantPython",
    "InsufficientHTCondorVersion",
    "CorruptEventLog",
]

SETTINGS = {
    "DELIVERY_METHOD": str,
    "HTMAP_DIR": str,
    "WAIT_TIME": int,
    "CLI.IS_CLI": bool,
    "CLI.SPINNERS_ON": bool,
    "HTCONDOR.SCHEDULER": type(None),
    "HTCONDOR.COLLECTOR": type(None),
    "MAP_OPTIONS.request_cpus": str,
    "MAP_OPTIONS.request_memory": str,
    "MAP_OPTIONS.request_disk": str,
    "MAP_OPTIONS.keep_claim_idle": str,
    "DOCKER.IMAGE": str,
    "SINGULARITY.IMAGE": str,
    "TRANSPLANT.DIR": type(None),  # a folder in HTMAP_DIR, wherever that is by then
    "TRANSPLANT.ALTERNATE_INPUT_PATH": type(None),
    "TRANSPLANT.ASSUME_EXISTS": bool,
}

STATUSES = [
    "UNKNOWN",
    "UNMATERIALIZED",
    "IDLE",
    "RUNNING",
    "REMOVED",
    "COMPLETED",
    "HELD",
    "SUSPENDED",
    "ERRORED",
]


def found(dotted):
    value = htmap
    for name in dotted.split("."):
        value = getattr(value, name)
    return value


def parameters(signature):
    """Return the parameters of a signature that is written as in a ``def``."""
    namespace = {}
    exec(f"def f({signature}): ...", namespace)
    return list(inspect.signature(namespace["f"]).parameters.values())


@pytest.mark.parametrize("name", NAMES)
def test_the_package_has_the_name(name):
    assert hasattr(htmap, name)
    assert name in htmap.__all__
    assert name in dir(htmap)


@pytest.mark.parametrize(("name", "signature"), CALLABLES.items(), ids=list(CALLABLES))
def test_the_callable_takes_what_it_took(name, signature):
    wanted = parameters(signature)
    kinds = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    has = list(inspect.signature(found(name)).parameters.values())
    by_name = {parameter.name: parameter for parameter in has}

    assert [p.name for p in wanted if p.kind is not inspect.Parameter.KEYWORD_ONLY] == [
        p.name for p in has if p.kind is not inspect.Parameter.KEYWORD_ONLY
    ][: len([p for p in wanted if p.kind is not inspect.Parameter.KEYWORD_ONLY])]
    for parameter in wanted:
        assert by_name[parameter.name].default == parameter.default
    names = {parameter.name for parameter in wanted}
    new = [p for p in has if p.name not in names and p.kind not in kinds]
    assert all(p.default is not inspect.Parameter.empty for p in new), new


@pytest.mark.parametrize("name", PROPERTIES)
def test_the_map_has_the_attribute(name):
    member = inspect.getattr_static(htmap.Map, name, None)
    assert isinstance(member, property) or name == "tag"
    assert name != "tag" or "tag : str" in (htmap.Map.__doc__ or "")


@pytest.mark.parametrize("name", EXCEPTIONS)
def test_the_exception_exists_and_has_the_common_base(name):
    exception = getattr(htmap.exceptions, name)
    assert issubclass(exception, htmap.exceptions.HTMapException)
    assert issubclass(htmap.exceptions.HTMapException, Exception)


@pytest.mark.parametrize(("key", "kind"), SETTINGS.items(), ids=list(SETTINGS))
def test_the_setting_has_a_default_of_its_type(key, kind):
    assert isinstance(htmap.BASE_SETTINGS[key], kind)


def test_every_status_is_there_and_is_its_name():
    for name in STATUSES:
        status = htmap.ComponentStatus[name]
        assert status == name
        assert str(status) == name
        assert hash(status) == hash(name)


def test_a_component_error_has_its_attributes():
    fields = set(htmap.ComponentError.__dataclass_fields__)
    assert fields >= {
        "map", "component", "exception_msg", "node_info", "python_info", "scratch_dir_contents",
        "stack_summary",
    }  # fmt: skip


def test_a_component_hold_has_code_and_reason_and_reads_as_both():
    hold = htmap.ComponentHold(code=13, subcode=2, reason="no such file")
    assert (hold.code, hold.subcode, hold.reason) == (13, 2, "no such file")
    assert str(hold) == "[13] no such file"


@pytest.mark.parametrize(
    "name", ["transient_map", "map_or_recover", "MapResult", "map_exists", "get_err", "JobStatus"]
)
def test_a_name_that_htmap_0_6_did_not_have_is_not_made_up(name):
    assert not hasattr(htmap, name)
