"""``overparam theory`` and ``overparam certify``."""

import math

import pytest

KEYS = {
    "n",
    "d",
    "activation",
    "B",
    "mu",
    "mu_tilde",
    "gamma",
    "hermite_derivative",
    "hermite_value",
    "spectral_norm_X",
    "sigma_min_khatri_rao",
    "lambda",
    "lambda_error",
    "lambda_tilde",
    "lambda_tilde_error",
    "kappa",
    "kappa_tilde",
    "notes",
}
SMALL = ("--n", 15, "--d", 6, "--k", 10)


def test_theory_of_softplus(overparam):
    document = overparam("theory", *SMALL, "--json").document
    assert set(document) >= KEYS
    assert document["mu"] == pytest.approx(0.206620964141907037, abs=1e-14)
    assert document["mu_tilde"] == pytest.approx(0.5, abs=1e-14)
    assert document["hermite_value"][0] == pytest.approx(0.806059183347439785, abs=1e-14)
    assert document["lambda"] > document["lambda_error"] > 0


def test_theory_of_relu(overparam):
    document = overparam("theory", *SMALL, "--activation", "relu", "--order", 3, "--json").document
    assert document["mu"] == pytest.approx(1 / math.sqrt(2 * math.pi), abs=1e-14)
    assert len(document["hermite_derivative"]) == 4


def test_khatri_rao_is_exactly_zero_where_it_must_be(overparam):
    call = overparam("theory", "--n", 22, "--d", 6, "--json")
    assert call.document["sigma_min_khatri_rao"] == 0.0
    assert call.document["kappa"] is None
    assert any("exactly zero" in note for note in call.document["notes"])


def test_text_names_the_kernels(overparam):
    output = overparam("theory", *SMALL).output
    assert "λ(X)" in output
    assert "λ̃(X)" in output


def test_text_says_what_is_vacuous(overparam):
    output = overparam("theory", "--n", 22, "--d", 6).output
    assert "κ(X)             vacuous: σmin(X^∗2) cannot be distinguished from zero" in output
    assert "note: σmin(X^∗2): exactly zero because n = 22 > d(d+1)/2 = 21" in output
    constant = overparam("theory", *SMALL, "--activation", "hermite:coefficients=1").output
    assert "κ̃(X)            vacuous: λ(X) cannot be distinguished from zero" in constant
    assert "note: μ is exactly zero" in constant


@pytest.mark.parametrize("backend", ["numpy", "torch"])
def test_theory_has_the_chain_of_lower_bounds(overparam, backend):
    pytest.importorskip(backend)
    document = overparam("--backend", backend, "theory", *SMALL, "--activation", "relu", "--json").document
    chain = {one["name"]: one for one in document["chain"]}
    assert {"lambda", "start", "lemma-6-4", "lemma-h-1", "corollary-i-2"} <= set(chain)
    assert chain["lambda"]["value"] == document["lambda"]
    assert chain["start"]["k"] == 10
    assert chain["lemma-6-4"]["value"] == pytest.approx(
        (document["mu"] * document["sigma_min_khatri_rao"]) ** 2, rel=1e-12
    )
    assert chain["corollary-i-2"]["below_lambda"] is True


def test_theory_lists_the_chain_largest_first_and_what_is_left_out(overparam):
    output = overparam("theory", *SMALL).output
    assert "Lower bounds on λ(X), largest first" in output
    assert "left out: Corollary I.2: it is about the ReLU; the activation is softplus" in output


def test_theory_draws_the_chain(overparam, tmp_path):
    pytest.importorskip("matplotlib")
    assert overparam("theory", *SMALL, "--plot", "chain.png").code == 0
    assert (tmp_path / "chain.png").read_bytes().startswith(b"\x89PNG")
    assert overparam("theory", *SMALL, "--plot", "chain.txt").code == 2


@pytest.mark.parametrize("backend", ["numpy", "torch"])
def test_certify(overparam, backend):
    pytest.importorskip(backend)
    options = (*SMALL, "--optimizer", "gd:step_size=theorem", "--max-iterations", 60)
    document = overparam("--backend", backend, "certify", *options, "--json").document
    theorems = {one["name"]: one for one in document["theorems"]}
    assert {"Theorem 2.1", "Theorem 6.2", "Lemma 6.12"} <= set(theorems)
    smooth = theorems["Theorem 2.1"]
    assert set(smooth["hypotheses"][0]) >= {"statement", "left", "right", "ratio", "holds", "note"}
    assert set(smooth["conclusions"][0]) >= {"statement", "worst_ratio", "at_iteration", "holds"}
    assert any(h["holds"] is False for h in smooth["hypotheses"])
    assert all(c["holds"] for c in smooth["conclusions"])


def test_certify_draws_theory_against_practice(overparam, tmp_path):
    pytest.importorskip("matplotlib")
    call = overparam("certify", *SMALL, "--max-iterations", 40, "--plot", "bounds.png")
    assert call.code == 0
    assert "Theorem 6.2" in call.output
    assert (tmp_path / "bounds.png").read_bytes().startswith(b"\x89PNG")


def test_certify_splits_the_gap(overparam):
    options = (*SMALL, "--max-iterations", 40, "--gap")
    [width] = [
        one
        for one in overparam("certify", *options, "--json").document["gap"]
        if one["theorem"] == "Theorem 6.2" and one["quantity"] == "width"
    ]
    assert width["practice"] == 10
    assert math.prod(one["factor"] for one in width["factors"]) == pytest.approx(width["gap"], rel=1e-5)
    output = overparam("certify", *options).output
    assert "Theorem 6.2, width:" in output
    assert "product, the gap" in output
    assert "Theorem 6.3, width: it is about the ReLU" in output
    assert "gap" not in overparam("certify", *SMALL, "--max-iterations", 5, "--json").document


def test_certify_draws_the_gap(overparam, tmp_path):
    pytest.importorskip("matplotlib")
    assert overparam("certify", *SMALL, "--max-iterations", 40, "--gap", "--plot", "gap.png").code == 0
    assert (tmp_path / "gap.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("backend", ["numpy", "torch"])
def test_certify_counts_promises_over_draws(overparam, backend):
    pytest.importorskip(backend)
    options = (*SMALL, "--max-iterations", 20, "--draws", 4)
    draws = overparam("--backend", backend, "certify", *options, "--json").document["draws"]
    assert draws["number"] == 4
    [lemma] = [one for one in draws["theorems"] if one["name"] == "Lemma 6.12"]
    assert lemma["hypotheses_met"] == 4
    assert 0.0 < lemma["probability"] < 1.0
    assert lemma["together"]["kept"] == 4
    assert lemma["together"]["low"] == pytest.approx(0.025 ** (1 / 4))


def test_certify_prints_promises_over_draws(overparam):
    output = overparam("certify", *SMALL, "--max-iterations", 20, "--draws", 4).output
    assert "Promises over 4 draws of W₀" in output
    assert "hypotheses met in 4 of 4" in output
    assert overparam("certify", *SMALL, "--draws", 0).code == 2
    assert "draws" not in overparam("certify", *SMALL, "--max-iterations", 5, "--json").document


def test_details_have_the_smallest_width(overparam):
    output = overparam("certify", *SMALL, "--max-iterations", 2, "--details").output
    assert f"smallest k for its condition on the width: {math.ceil(12 * math.log(15))}" in output
    vacuous = overparam("certify", "--n", 22, "--d", 6, "--k", 8, "--max-iterations", 2, "--details").output
    assert "smallest k for its condition on the width: none" in vacuous
