"""Synthetic panels: drawn to behave like a real panel, and to be nobody's record.

panel = read_entities(frame, entity="country", identities=["gdp = c + i + nx"])
synthetic = DiffusedPanel().fit(panel).sample(panels=10, rng=rng)
print(examine(DiffusedPanel(), panel, rng=rng).verdict)
"""

from econdiff.synth.condition import Condition
from econdiff.synth.diffused import DiffusedPanel
from econdiff.synth.errors import SynthError
from econdiff.synth.estimation import PanelLaw
from econdiff.synth.evidence import Privacy
from econdiff.synth.factor_bootstrap import FactorBootstrap
from econdiff.synth.gan import GAN
from econdiff.synth.gaussian_panel import GaussianPanel
from econdiff.synth.generation import SyntheticPanels
from econdiff.synth.panel import EntityPanel
from econdiff.synth.privacy import examine
from econdiff.synth.private import PrivatePanel
from econdiff.synth.quality import comparison, quality
from econdiff.synth.reading import read_entities, read_like
from econdiff.synth.resampling import BlockBootstrap
from econdiff.synth.schema import Schema
from econdiff.synth.steered import Steered
from econdiff.synth.utility import Regression
from econdiff.synth.vae import VAE
from econdiff.synth.var_bootstrap import VARBootstrap

GENERATORS = {
    "diffusion": DiffusedPanel,
    "gaussian": GaussianPanel,
    "var-bootstrap": VARBootstrap,
    "factor-bootstrap": FactorBootstrap,
    "block-bootstrap": BlockBootstrap,
    "gan": GAN,
    "vae": VAE,
}

__all__ = [
    "GAN",
    "GENERATORS",
    "VAE",
    "BlockBootstrap",
    "Condition",
    "DiffusedPanel",
    "EntityPanel",
    "FactorBootstrap",
    "GaussianPanel",
    "PanelLaw",
    "Privacy",
    "PrivatePanel",
    "Regression",
    "Schema",
    "Steered",
    "SynthError",
    "SyntheticPanels",
    "VARBootstrap",
    "comparison",
    "examine",
    "quality",
    "read_entities",
    "read_like",
]
