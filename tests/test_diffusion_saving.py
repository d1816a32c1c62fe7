"""A fitted model survives the disk to the last digit, and damage is noticed."""

import numpy as np
import pytest

from econdiff.diffusion.model import Diffusion
from econdiff.diffusion.saving import load, save
from econdiff.diffusion.weights import WeightsError
from econdiff.transforms import Transformed, TransformedForecaster


@pytest.fixture
def saved(panel, tmp_path):
    fitted = Diffusion().fit(panel)
    (tmp_path / "model.partial").mkdir()
    save(fitted, tmp_path / "model")
    assert {place.name for place in tmp_path.iterdir()} == {"model", "model.partial"}
    return fitted, tmp_path / "model"


def draw(forecaster, panel):
    rng = np.random.default_rng(0)
    return forecaster.sample(panel, horizon=3, paths=5, rng=rng).samples


def test_what_was_saved_draws_the_same_digits(saved, panel):
    fitted, folder = saved
    np.testing.assert_array_equal(draw(load(folder), panel), draw(fitted, panel))
    assert sorted(p.name for p in folder.iterdir()) == ["model.json", "weights.safetensors"]


def test_a_changed_number_is_refused(saved):
    page = saved[1] / "model.json"
    page.write_text(page.read_text().replace('"turns": 4', '"turns": 5'))
    with pytest.raises(WeightsError, match="does not match its hash"):
        load(saved[1])


def test_half_a_file_and_no_file_are_refused(saved, tmp_path):
    page = saved[1] / "model.json"
    page.write_text(page.read_text()[:200])
    with pytest.raises(WeightsError, match="damaged"):
        load(saved[1])
    with pytest.raises(WeightsError, match="no model in"):
        load(tmp_path / "elsewhere")
    with pytest.raises(WeightsError, match="no model in"):
        load(page)


def test_a_newer_format_and_a_page_of_another_kind_are_refused(saved):
    page = saved[1] / "model.json"
    page.write_text(page.read_text().replace('"format": ', '"format": 9'))
    with pytest.raises(WeightsError, match=r"has format 9\d, this reads \d; fit the model again"):
        load(saved[1])
    page.write_text("[]")
    with pytest.raises(WeightsError, match="has format None"):
        load(saved[1])


def test_what_the_user_changed_of_the_law_is_kept(panel, tmp_path):
    fitted = Diffusion(spread=1.3, recentre=False).fit(panel)
    save(fitted, tmp_path / "wider")
    np.testing.assert_array_equal(draw(load(tmp_path / "wider"), panel), draw(fitted, panel))
    plain = draw(Diffusion().fit(panel), panel)
    assert np.abs(draw(fitted, panel) - plain).max() > 0.01


def test_what_cannot_be_saved_is_named(tmp_path):
    with pytest.raises(TypeError, match="a str cannot be saved"):
        save("a model", tmp_path / "model")


def test_what_is_saved_of_a_transformed_model_is_the_model_in_it(panel, tmp_path):
    around = Transformed(Diffusion()).fit(panel)
    with pytest.raises(TypeError, match=r"save\(forecaster\.inner, folder\)"):
        save(around, tmp_path / "model")
    save(around.inner, tmp_path / "model")
    again = TransformedForecaster(load(tmp_path / "model"), around.transforms)
    np.testing.assert_array_equal(draw(again, panel), draw(around, panel))


def test_a_model_is_not_written_over(saved):
    with pytest.raises(FileExistsError, match="name another folder"):
        save(*saved)
