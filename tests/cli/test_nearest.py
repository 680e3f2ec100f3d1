"""For a mistyped name, the error names the nearest command, option, component or parameter."""

import pytest

MISTYPED = [
    (("trian",), "No such command 'trian'. Did you mean 'train'?"),
    (("describ",), "No such command 'describ'. Did you mean 'describe'?"),
    (("plugins", "lst"), "No such command 'lst'. Did you mean 'list'?"),
    (("train", "--activaton", "relu"), "--activation"),
    (("train", "--dtyp", "float32"), "--dtype"),
    (("--dtyp", "float32", "train"), "--dtype"),
    (("train", "--activation", "softpluss"), "did you mean 'softplus'?"),
    (("train", "--optimizer", "gd:stepsize=1"), "it takes: step_size; did you mean 'step_size'?"),
    (("train", "--optimizer", "sgd:batchsize=1,step_size=1"), "did you mean 'batch_size'?"),
    (("sweep", "--executor", "proceses"), "did you mean 'processes'?"),
    (("--backend", "numyp", "train"), "did you mean 'numpy'?"),
    (("train", "--engine", "portble"), "did you mean 'portable'?"),
    (("--disable-plugin", "numbaa", "info"), "no plugin is called 'numbaa'"),
    (("describe", "activatoins"), "did you mean 'activations'?"),
    (("describe", "softpluss"), "did you mean 'softplus'?"),
]


@pytest.mark.parametrize(("arguments", "said"), MISTYPED, ids=[" ".join(words) for words, _ in MISTYPED])
def test_the_nearest_is_named(overparam, arguments, said):
    call = overparam(*arguments)
    assert (call.code, call.output) == (2, "")
    assert said in call.errors.splitlines()[-1]


def test_nothing_is_near(overparam):
    assert overparam("zzzz").errors.splitlines()[-1] == "Error: No such command 'zzzz'."
