"""Every invalid argument or file leads to one clear line, exit code 2 or 1, and no traceback."""

import pickle
import sqlite3

import numpy as np
import pytest

TYPED = [
    (("train", "--n", 0), "n must be at least 1"),
    (("train", "--d", 0), "d must be at least 1"),
    (("train", "--k", 0), "k must be at least 1"),
    (("train", "--n", -3), "n must be at least 1"),
    (("train", "--seed", -1), "seed"),
    (("train", "--n", "many"), "many"),
    (("train", "--tolerance", 0), "tolerance must be a positive number"),
    (("train", "--tolerance", "nan"), "tolerance must be a positive number"),
    (("train", "--max-iterations", -1), "max-iterations"),
    (("train", "--activation", "softpluss"), "did you mean 'softplus'"),
    (("train", "--activation", ""), "does not name a component"),
    (("train", "--activation", "hermite"), "hermite needs coefficients"),
    (("train", "--activation", "hermite:coefficients=a;b"), "coefficients must be a list"),
    (("train", "--activation", "hermite:coefficients="), "not of the form key=value"),
    (("train", "--activation", "softplus:"), "ends in a colon"),
    (("train", "--activation", "softplus:beta=2"), "softplus has no parameter 'beta'"),
    (("train", "--optimizer", "gd:step_size=-1"), "step_size must be a positive number"),
    (("train", "--optimizer", "gd:step_size=inf"), "step_size must be"),
    (("train", "--optimizer", "gd:step_size=0.1,step_size=0.2"), "gives step_size twice"),
    (("train", "--optimizer", "gd:step_size"), "not of the form key=value"),
    (("train", "--optimizer", "sgd:step_size=0.1,batch_size=0"), "batch_size must be a positive number"),
    (
        ("train", "--optimizer", "gd:step_size=theorem", "--activation", "hermite:coefficients=0;0;1"),
        "no such bound",
    ),
    (("train", "--optimizer", "sgd:step_size=theorem,batch_size=2"), "Theorem 2.6 needs one sample"),
    (("train", "--optimizer", "sgd:step_size=theorem", "--activation", "relu"), "relu has kinks"),
    (("train", "--optimizer", "sgd:step_size=theorem", "--n", 9, "--d", 3), "n = 9 > d(d+1)/2 = 6"),
    (("train", "--optimizer", "sgd:step_size=theorem", "--layers", "output"), "layers=hidden"),
    (("train", "--data", "separated:delta=-0.5"), "delta must be a positive number"),
    (("train", "--data", "separated:delta=1.9"), "the largest delta reached is"),
    (("train", "--data", "nowhere"), "unknown data generator"),
    (("train", "--data", "file:path=missing.npz"), "No such file"),
    (("train", "--data", "file:path=table.txt"), "must end in"),
    (("--engine", "nonsense", "train"), "unknown engine 'nonsense'"),
    (("--engine", "nonsense", "certify"), "certify does not use --engine"),
    (("--engine", "portable", "theory"), "theory does not use --engine"),
    (("--backend", "torch", "status", "a.study"), "status does not use --backend"),
    (("--dtype", "float32", "info"), "info does not use --dtype"),
    (("theory", "--optimizer", "nonsense"), "No such option '--optimizer'"),
    (("theory", "--labels", "file"), "No such option '--labels'"),
    (("train", "--labels", "file"), "needs data with its own y"),
    (("train", "--output", "run.txt"), "must end in .npz"),
    (("train", "--plot", "run.bmp", "--max-iterations", 2), "must end in"),
    (("train", "--output", "nowhere/run.npz", "--max-iterations", 2), "nowhere"),
    (("--backend", "nump", "train"), "did you mean 'numpy'"),
    (("--backend", "torch:device=nonsense", "train"), "PyTorch"),
    (("--engine", "warp", "train"), "unknown engine 'warp'"),
    (("--dtype", "float16", "train"), "float16"),
    (("--disable-plugin", "nobody", "train"), "no plugin is called 'nobody'"),
    (("sweep", "--k", "5:1"), "not a range"),
    (("sweep", "--k", "a:b"), "not a range"),
    (("sweep", "--k", "1:2:3:4"), "not a range"),
    (("sweep", "--k", "-2:3"), "not a range"),
    (("sweep", "--k", "1:5:0"), "not a range"),
    (("sweep", "--k", "1:999999999999"), "more than"),
    (("sweep", "--n", "0", "--k", "1", "--d", "1"), "n must be at least 1"),
    (("sweep", "--trials", 0), "trials"),
    (("sweep", "--executor", "cloud"), "unknown executor 'cloud'"),
    (("sweep", "--executor", "processes:workers=0"), "workers must be at least 1"),
    (("reproduce", "fig3"), "fig3"),
    (("status", "missing.study"), "missing.study: No such file"),
    (("plot", "missing.study", "-o", "a.png"), "missing.study: No such file"),
    (("export", "missing.study", "-o", "a.csv"), "missing.study: No such file"),
    (("nonsense",), "No such command"),
]


@pytest.mark.parametrize(
    ("arguments", "said"), TYPED, ids=lambda a: " ".join(map(str, a)) if isinstance(a, tuple) else ""
)
def test_what_a_user_types(overparam, arguments, said):
    call = overparam(*arguments)
    assert call.code in (1, 2)
    assert said in " ".join(call.errors.split())
    assert "Traceback" not in call.errors
    assert call.output == ""


def write_bad_data(folder):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((4, 3))
    X[2, 1] = np.nan
    np.savez(folder / "nan.npz", X=X)
    (folder / "ragged.csv").write_text("1,2,3\n4,5\n")
    (folder / "words.csv").write_text("1,2\nthree,4\n")
    (folder / "empty.csv").write_text("")
    (folder / "binary.csv").write_bytes(bytes(range(256)))
    (folder / "empty.npz").write_bytes(b"")
    (folder / "text.npy").write_text("not an array")
    np.savez(folder / "pickle.npz", X=np.array([{"a": 1}], dtype=object))
    (folder / "bare.npz").write_bytes(pickle.dumps({"X": [1]}))
    np.savez(folder / "nox.npz", Z=np.eye(2))
    np.savez(folder / "flat.npz", X=np.ones(3))
    np.savez(folder / "zero.npz", X=np.zeros((2, 2)))
    np.savez(folder / "short.npz", X=np.eye(3), y=np.ones(2))
    np.savez(folder / "complex.npz", X=np.eye(3) * 1j)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("nan.npz", "not finite"),
        ("ragged.csv", "line 2: 2 values where the first row has 3"),
        ("words.csv", "line 2"),
        ("empty.csv", "no rows"),
        ("binary.csv", "not a text file"),
        ("empty.npz", "no readable .npz"),
        ("text.npy", "pickles are refused"),
        ("pickle.npz", "pickles are refused"),
        ("bare.npz", "pickles are refused"),
        ("nox.npz", "no array 'X'"),
        ("flat.npz", "must be a matrix"),
        ("zero.npz", "row 0 of X is zero"),
        ("short.npz", "y must have shape (3,)"),
        ("complex.npz", "must hold real numbers"),
    ],
)
def test_what_a_data_file_holds(overparam, tmp_path, name, said):
    write_bad_data(tmp_path)
    call = overparam("train", "--data", f"file:path={name}")
    assert call.code == 2
    assert said in " ".join(call.errors.split())
    assert name in call.errors
    assert "Traceback" not in call.errors


@pytest.mark.parametrize("command", ["status", "plot", "export", "sweep"])
@pytest.mark.parametrize("kind", ["text", "database", "folder", "damaged"])
def test_a_study_that_is_not_one(overparam, tmp_path, study, command, kind):
    path = tmp_path / "b.study"
    if kind == "text":
        path.write_text("hello, this is no study at all")
    elif kind == "database":
        with sqlite3.connect(path) as connection:
            connection.execute("CREATE TABLE a (b)")
        connection.close()
    elif kind == "folder":
        path.mkdir()
    else:
        path.write_bytes(study.read_bytes()[:9000])
    before = None if path.is_dir() else path.read_bytes()
    output = {"plot": ("-o", "a.png"), "export": ("-o", "a.csv")}.get(command, ())
    where = ("--study", path) if command == "sweep" else (path,)
    call = overparam(command, *where, *output)
    assert call.code in (1, 2)
    assert str(path) in call.errors
    assert "Traceback" not in call.errors
    assert before is None or path.read_bytes() == before


def test_verbose_twice_shows_where(overparam):
    assert "Traceback" in overparam("-vv", "train", "--n", 0).errors


def test_cupy_without_a_gpu_says_what_to_do(overparam):
    call = overparam("--backend", "cupy", "train")
    if call.code == 0:
        pytest.skip("CuPy has a GPU here")
    assert call.code == 2
    assert "pip install 'overparam[cuda12]'" in call.errors or "nvidia-smi" in call.errors


HUGE = 10**30


@pytest.mark.parametrize(
    "arguments",
    [
        *(
            ("train", f"--{name}", HUGE)
            for name in ("n", "k", "d", "trial", "max-iterations", "record-every")
        ),
        *(("sweep", f"--{name}", HUGE) for name in ("n", "k", "d", "trials", "max-iterations")),
        ("certify", "--probes", 2**63 - 1),
        ("theory", "--order", 2**31),
        *(("train", f"--{name}", 10**12) for name in ("n", "k", "d")),
        ("sweep", "--trials", 2**63 - 1),
        ("sweep", "--executor", f"processes:workers={HUGE}"),
        ("train", "--optimizer", f"sgd:step_size=0.1,batch_size={HUGE}"),
        ("sweep", "--n", "1:1000", "--k", "1:1000", "--d", "1:1000"),
        ("sweep", "--shard", f"1/{HUGE}"),
    ],
    ids=lambda arguments: " ".join(map(str, arguments)),
)
def test_numbers_beyond_64_bits_and_grids_beyond_measure(overparam, arguments):
    call = overparam(*arguments)
    assert (call.code, call.output) == (2, "")
    assert "unexpected" not in call.errors


def test_a_seed_may_have_any_size(overparam):
    assert (
        overparam("train", "--seed", HUGE, "--max-iterations", 2, "--json").document["problem"]["seed"]
        == HUGE
    )
    assert overparam("sweep", "--seed", HUGE, "--n", 5, "--k", 2, "--d", 1, "--max-iterations", 2).code == 0


@pytest.mark.parametrize("coefficients", ["1", "0", "1;0"])
@pytest.mark.parametrize("command", ["train", "theory", "certify"])
def test_a_constant_activation(overparam, command, coefficients):
    stop = () if command == "theory" else ("--max-iterations", 3)
    call = overparam(
        command, "--n", 6, "--d", 2, "--activation", f"hermite:coefficients={coefficients}", *stop
    )
    assert call.code == 0, call.errors


LINKED = [
    ("status", "a.study"),
    ("export", "a.study", "-o", "out.csv"),
    ("salvage", "a.study", "-o", "new.study"),
    ("sweep", "--study", "a.study"),
    ("merge", "a.study", "-o", "new.study"),
    ("train", "--data", "file:path=a.study", "--plot", "out.png"),
    ("--plugin", "a.py", "info"),
]


@pytest.mark.parametrize("command", LINKED, ids=lambda words: words[0])
def test_links_that_lead_in_a_circle(overparam, tmp_path, command):
    for name in ("a.study", "a.py"):
        (tmp_path / name).symlink_to(name)
    result = overparam(*command)
    assert result.code in (1, 2)
    assert "unexpected" not in result.errors
