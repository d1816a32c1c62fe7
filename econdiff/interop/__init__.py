"""Joint paths in the hands of portfolio libraries.

skfolio takes an estimator that samples (`to_skfolio`); PyPortfolioOpt and Riskfolio-Lib take a
plain table of scenario returns, `Gains.frame` (`econdiff.risk.portfolio`):

    assets = gains(forecast, kind="log", percent=True)
    EfficientCVaR(assets.frame().mean(), assets.frame())    # PyPortfolioOpt
    rp.Portfolio(returns=assets.frame())                    # Riskfolio-Lib
"""

from econdiff.forecast import Model


def to_skfolio(model: Model, *, seed: int = 0):
    """An estimator for `skfolio.prior.SyntheticData`: `fit(X)`, `sample(n, conditioning=)`.

        prior = SyntheticData(distribution_estimator=to_skfolio(GARCH(filtered=True)))
        MeanRisk(risk_measure=RiskMeasure.CVAR, prior_estimator=prior).fit(X)

    See `econdiff.interop.sampler.ScenarioSampler`. ImportError, with the line to paste, where
    scikit-learn, which comes with skfolio, is not installed.
    """
    if isinstance(model, type) or not hasattr(model, "fit"):
        raise TypeError(f"to_skfolio takes a model, as in to_skfolio(Diffusion()); got {model!r}")
    try:
        from econdiff.interop.sampler import ScenarioSampler
    except ImportError as error:
        raise ImportError('to_skfolio needs skfolio; say: pip install "econdiff[peers]"') from error
    return ScenarioSampler(model, seed)


__all__ = ["to_skfolio"]
