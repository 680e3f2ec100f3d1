"""The command line with broken plugins installed: it names each, sets it aside and reports it once."""

from textwrap import dedent

import pytest

from tests.plugins.installed import install, overparam

TRAIN = ("--engine", "portable", "train", "--n", 8, "--d", 3, "--k", 4, "--max-iterations", 2, "--json")

GOOD = dedent("""
    from dataclasses import dataclass
    from typing import ClassVar
    from overparam.plugin import Activation, Engine, hookimpl

    @dataclass(frozen=True)
    class Cube(Activation):
        name: ClassVar[str] = "cube"

        def value(self, z):
            return z * z * z

        def derivative(self, z):
            return 3.0 * z * z

    @hookimpl
    def overparam_activations():
        return [Cube]
""")

# name: (source, part of the message, state)
BROKEN = {
    "missing-import": ("import a_library_that_is_not_there", "No module named 'a_library_that", "failed"),
    "syntax-error": ("def f(:", "cannot be loaded: SyntaxError", "failed"),
    "exits": ("raise SystemExit(3)", "cannot be loaded: SystemExit: 3", "failed"),
    "raises-in-hook": (
        GOOD.replace("return [Cube]", "return [Cubic]"),
        "raised in overparam_activations: NameError",
        "failed",
    ),
    "exits-in-hook": (
        GOOD.replace("return [Cube]", "raise SystemExit"),
        "raised in overparam_activations: SystemExit",
        "failed",
    ),
    "returns-a-class": (
        GOOD.replace("return [Cube]", "return Cube"),
        "overparam_activations must return a list of classes",
        "failed",
    ),
    "returns-instances": (GOOD.replace("[Cube]", "[Cube()]"), "Cube() is not a class", "failed"),
    "returns-strangers": (GOOD.replace("[Cube]", "[Cube, dict]"), "dict is not a subclass", "partial"),
    "wrong-family": (
        GOOD.replace("def overparam_activations", "def overparam_optimizers"),
        "Cube is not a subclass of Optimizer",
        "failed",
    ),
    "misspelt-hook": (
        GOOD.replace("def overparam_activations", "def overparam_activation"),
        "no hook is called overparam_activation: did you mean overparam_activations?",
        "failed",
    ),
    "unmarked-hook": (
        GOOD.replace("@hookimpl\n", ""),
        "overparam_activations is not marked as a hook: write @hookimpl above it",
        "failed",
    ),
    "hands-over-nothing": ("x = 1", "provides nothing", "failed"),
    "hook-with-arguments": (
        GOOD.replace("overparam_activations()", "overparam_activations(size)"),
        "cannot be loaded: PluginValidationError",
        "failed",
    ),
    "abstract": (
        GOOD.replace("def derivative", "def slope"),
        "Cube does not define derivative",
        "failed",
    ),
    "not-frozen": (
        GOOD.replace("@dataclass(frozen=True)", ""),
        "Cube is not a frozen dataclass",
        "failed",
    ),
    "badly-named": (GOOD.replace('"cube"', '"Cube 3"'), "must be lower-case", "failed"),
    "annotated-with-nothing": (
        GOOD.replace('= "cube"', '= "cube"\n    size: "Size" = 1'),
        "cannot be made from its parameters: NameError",
        "failed",
    ),
    "one-name-twice": (
        GOOD.replace("[Cube]", "[Cube, type('Other', (Cube,), {}), Cube]").replace(
            "type('Other', (Cube,), {})", "dataclass(frozen=True)(type('Other', (Cube,), {}))"
        ),
        "Cube and Other are both called 'cube'; Other is left out",
        "partial",
    ),
    "needs-a-newer-overparam": (
        f"OVERPARAM_API = 3\n{GOOD}",
        "it needs plugin interface 3, this overparam offers 2: upgrade overparam",
        "failed",
    ),
    "slow": (
        f"import time\nend = time.thread_time() + 2.1\nwhile time.thread_time() < end: pass\n{GOOD}",
        "import heavy libraries where they are used",
        "slow",
    ),
    "engine-with-parameters": (
        """
        from dataclasses import dataclass
        from typing import ClassVar
        from overparam.plugin import Engine, hookimpl

        @dataclass(frozen=True)
        class Remote(Engine):
            name: ClassVar[str] = "remote"
            address: str

            def objection(self, job):
                return None

            def run(self, job):
                raise NotImplementedError

        @hookimpl
        def overparam_engines():
            return [Remote]
        """,
        "Remote cannot be made from its parameters: TypeError",
        "failed",
    ),
}


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """A folder with every broken plugin and a working one."""
    folder = tmp_path_factory.mktemp("site")
    for name, (source, _, _) in BROKEN.items():
        install(folder, name, source, version="2.5")
    install(folder, "sound", GOOD)
    return folder


@pytest.fixture(scope="module")
def listing(site):
    return overparam(site, "plugins", "list", "--json")


@pytest.mark.parametrize("name", BROKEN)
def test_it_is_named_set_aside_and_reported_once(listing, name):
    _, said, state = BROKEN[name]
    assert listing.code == 0
    [plugin] = [p for p in listing.document["plugins"] if p["distribution"] == name]
    assert (plugin["version"], plugin["state"]) == ("2.5", state)
    [line] = listing.warnings(f"plugin {name} ")
    assert line.startswith(f"Warning: plugin {name} ({name} 2.5)")
    assert said in line
    assert line.endswith(f"Upgrade or uninstall {name}, or leave it out with --disable-plugin {name}")


def test_the_good_plugin_beside_them_is_loaded(listing):
    [plugin] = [p for p in listing.document["plugins"] if p["distribution"] == "sound"]
    assert (plugin["state"], plugin["provides"]) == ("loaded", {"activation": ["cube"]})
    assert len(listing.warnings("Warning:")) == len(BROKEN)
    assert "Traceback" not in listing.errors


def test_all_of_them_together_break_nothing(site):
    call = overparam(site, *TRAIN, "--activation", "sound/cube")
    assert call.code == 0
    assert call.document["problem"]["activation"] == "cube"
    assert len(call.warnings("Warning:")) == len(BROKEN)


def test_no_plugins_loads_none_and_says_nothing(site):
    call = overparam(site, "--no-plugins", *TRAIN)
    assert (call.code, call.errors) == (0, "")
    assert overparam(site, "--no-plugins", *TRAIN, "--activation", "sound/cube").code == 2


def test_one_can_be_left_out(site):
    call = overparam(
        site, "--disable-plugin", "exits", "--disable-plugin", "sound", "plugins", "list", "--json"
    )
    states = {p["distribution"]: p["state"] for p in call.document["plugins"]}
    assert (states["exits"], states["sound"], states["syntax-error"]) == ("disabled", "disabled", "failed")
    assert call.warnings("plugin exits ") == []


def test_strict_makes_it_an_error(tmp_path):
    install(tmp_path, "exits", BROKEN["exits"][0])
    call = overparam(tmp_path, *TRAIN, OVERPARAM_STRICT_PLUGINS="1")
    assert (call.code, call.output) == (1, "")
    assert call.errors.startswith(
        "Error: plugin exits (exits 1.0) is set aside: cannot be loaded: SystemExit: 3"
    )
    assert "Traceback" not in call.errors
    assert overparam(tmp_path, "--no-plugins", *TRAIN, OVERPARAM_STRICT_PLUGINS="1").code == 0


def test_quiet_is_quiet(tmp_path):
    install(tmp_path, "exits", BROKEN["exits"][0])
    assert overparam(tmp_path, "-q", *TRAIN).errors == ""


def test_what_a_plugin_prints_does_not_reach_standard_output(tmp_path):
    install(tmp_path, "chatty", f"print('hello')\n{GOOD}")
    call = overparam(tmp_path, *TRAIN)
    assert call.document["status"] == "budget_exhausted"
    assert "hello" in call.errors


def test_two_plugins_with_one_name(tmp_path):
    install(tmp_path, "first-pack", GOOD)
    install(tmp_path, "second-pack", GOOD)
    call = overparam(tmp_path, *TRAIN, "--activation", "cube")
    assert (call.code, call.output) == (2, "")
    assert "first-pack (Cube) and second-pack (Cube) both offer the activation 'cube'" in call.errors
    assert "write first-pack/cube or second-pack/cube" in call.errors
    assert overparam(tmp_path, *TRAIN, "--activation", "second_pack/cube").code == 0
    listed = overparam(tmp_path, "plugins", "list")
    assert "write first-pack/cube or second-pack/cube" in listed.output


def test_two_plugins_of_one_distribution_with_one_name(tmp_path):
    install(tmp_path, "pack", GOOD, entry_points={"red": "pack", "blue": "pack"})
    call = overparam(tmp_path, *TRAIN, "--activation", "pack/cube")
    assert (call.code, "write blue/cube or red/cube" in call.errors) == (2, True)
    assert overparam(tmp_path, *TRAIN, "--activation", "red/cube").code == 0


def test_a_built_in_name_stays_the_built_ins(tmp_path):
    install(tmp_path, "shadow", GOOD.replace('"cube"', '"relu"'))
    at = (*TRAIN, "--max-iterations", 0)
    ours, theirs = (overparam(tmp_path, *at, "--activation", a) for a in ("relu", "shadow/relu"))
    assert ours.document["relative_residual"] != theirs.document["relative_residual"]
    assert "write relu or shadow/relu" in overparam(tmp_path, "plugins", "list").output


def test_a_distribution_without_metadata(tmp_path):
    install(tmp_path, "nameless", GOOD)
    (tmp_path / "nameless-1.0.dist-info" / "METADATA").unlink()
    call = overparam(tmp_path, "plugins", "list", "--json")
    [plugin] = [p for p in call.document["plugins"] if p["name"] == "nameless"]
    assert (plugin["distribution"], plugin["version"], plugin["state"]) == ("unknown", "unknown", "loaded")
