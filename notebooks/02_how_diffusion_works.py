# ---
# jupyter:
#   jupytext:
#     formats: ipynb,py:percent
#     text_representation:
#       extension: .py
#       format_name: percent
#       format_version: '1.3'
#       jupytext_version: 1.19.6
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # How diffusion works
#
# A diffusion model learns to draw from a law that nobody can write down: it destroys data with
# noise, little by little, and learns to undo each little step. This notebook shows the whole of
# it on laws that *can* be written down, so that every picture can be checked: a curve, the
# plane with four modes, and a path of growth and inflation. Nothing here is trained, but for
# one small network at the end.
#
# Three facts carry everything:
#
# 1. **Noise level is an angle.** A clean signal $z$ at angle $\varphi$ is seen as
#    $x = \cos\varphi\; z + \sin\varphi\; e$ with $e \sim N(0, I)$: all signal at 0°,
#    all noise at 90°.
# 2. **One function is enough.** The denoiser $D(x, \varphi) = E[z \mid x]$ gives the score
#    $\nabla \log p(x) = (\cos\varphi\, D - x)/\sin^2\varphi$, the noise and the velocity by one
#    line of algebra each.
# 3. **The way back is an equation**, with chance (the reverse SDE) or without (the
#    probability-flow ODE $dx/d\varphi = v$); both pass through the same laws.

# %%
import matplotlib.pyplot as plt
import numpy as np
import torch

from econdiff.diffusion.ddim import ddim
from econdiff.diffusion.dpm_solver import dpm_solver
from econdiff.diffusion.guidance import SignalCovariance, exactly, pinned
from econdiff.diffusion.heun import heun
from econdiff.diffusion.known_laws import Mixture, four_modes, gaussian
from econdiff.diffusion.likelihood import decode, encode, log_density
from econdiff.diffusion.process import diffuse
from econdiff.diffusion.reverse_sde import euler_maruyama
from econdiff.diffusion.sampler import angular, last
from econdiff.diffusion.schedule import eased_angles, even_angles, linear
from econdiff.diffusion.toy import learn
from econdiff.diffusion.views import score_from_clean

torch.set_num_threads(1)
BLUE, ORANGE, GREY, INK = "#2f6690", "#d1603d", "#b8bcc2", "#22303c"
plt.rcParams.update(
    {
        "figure.dpi": 110,
        "font.size": 9,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.edgecolor": GREY,
        "axes.labelcolor": INK,
        "axes.titlesize": 9,
        "axes.titlecolor": INK,
        "xtick.color": INK,
        "ytick.color": INK,
        "lines.solid_capstyle": "round",
    }
)


def seeded(seed):
    return torch.Generator().manual_seed(seed)


def degrees(angle):
    return f"{np.degrees(float(angle)):.0f}°"


# %% [markdown]
# ## 1. A curve dissolves, and comes back
#
# The law: smooth curves of 60 points, a Gaussian with covariance $\exp(-(s-t)^2 / 2\ell^2)$.
# Top row: one curve is noised. Middle row: *fresh* noise is carried back by the default
# sampler, and becomes another curve of the same law. Bottom row: the ODE is one to one, so the
# code of the first curve leads back to that very curve.

# %%
steps = torch.arange(60, dtype=torch.float64)
smooth = torch.exp(-((steps[:, None] - steps) ** 2) / (2 * 9.0**2)) + 1e-4 * torch.eye(60)
curves = gaussian(torch.zeros(60, dtype=torch.float64), smooth)

SHOWN = 7  # pictures a row
angles = even_angles(48)
every = 48 // (SHOWN - 1)
z = curves.draw(1, seeded(5))
noise = torch.randn(2, 60, generator=seeded(3), dtype=torch.float64)

forward = [diffuse(z, noise[:1], angle)[0] for angle in angles.flip(0)[::every]]
back = [x[0] for x in list(angular(curves.denoise, noise[1:], angles))[::every]]
code = encode(curves.denoise, z)
again = [x[0] for x in list(angular(curves.denoise, code, angles))[::every]]

figure, axes = plt.subplots(3, SHOWN, figsize=(11, 4.6), sharex=True, sharey=True)
rows = [(forward, BLUE, angles.flip(0)[::every]), (back, ORANGE, angles[::every])]
rows.append((again, BLUE, angles[::every]))
for row, (states, colour, levels) in zip(axes, rows, strict=True):
    for axis, state, level in zip(row, states, levels, strict=True):
        axis.plot(state, color=colour, lw=1.2)
        axis.set_title(degrees(level), loc="right", color=GREY)
        axis.axhline(0, color=GREY, lw=0.5, zorder=0)
        axis.set_xticks([])
        axis.set_yticks([])
        axis.spines[:].set_visible(False)
axes[2, -1].plot(z[0], color=INK, lw=3, alpha=0.25, zorder=0)
for axis, label in zip(
    axes[:, 0], ["forward", "back,\nfresh noise", "back,\nits own code"], strict=True
):
    axis.set_ylabel(label, rotation=0, ha="right", va="center")
figure.tight_layout()

# %% [markdown]
# ## 2. One dimension, the whole film at once
#
# Two modes, and every noise level from signal (left) to noise (right). The shading is the
# density $p(x)$ at that level. The ODE's paths never cross and never branch by chance; the
# SDE's wander, and still fill the same density at every level: that is what "same marginals"
# means.

# %%
pair = Mixture(
    torch.tensor([0.65, 0.35], dtype=torch.float64),
    torch.tensor([[-1.5], [1.5]], dtype=torch.float64),
    torch.full((2, 1, 1), 0.12, dtype=torch.float64),
)


def noised(law, angle):
    """The law of x at `angle`: again a mixture."""
    alpha, sigma = torch.cos(angle), torch.sin(angle)
    unit = torch.eye(law.means.shape[1], dtype=torch.float64)
    return Mixture(law.weights, alpha * law.means, alpha**2 * law.covariances + sigma**2 * unit)


levels = even_angles(150).flip(0)
grid = torch.linspace(-3, 3, 241, dtype=torch.float64)
density = torch.stack([noised(pair, a).log_density(grid[:, None]).exp() for a in levels], dim=1)

figure, axes = plt.subplots(1, 2, figsize=(11, 3.6), sharey=True)
ladder = torch.cat([even_angles(300)[2:-1], torch.zeros(1, dtype=torch.float64)])
start = torch.linspace(-2.1, 2.1, 15, dtype=torch.float64)[:, None]
walks = {
    "probability-flow ODE": torch.stack(list(ddim(pair.denoise, start, ladder, seeded(0)))),
    "reverse SDE": torch.stack(list(euler_maruyama(pair.denoise, start, ladder, seeded(4)))),
}
for axis, (name, paths) in zip(axes, walks.items(), strict=True):
    extent = (0, 90, -3, 3)
    axis.imshow(density, aspect="auto", origin="lower", extent=extent, cmap="Blues", vmax=0.9)
    axis.plot(torch.rad2deg(ladder), paths[:, :, 0], color=ORANGE, lw=0.8, alpha=0.9)
    axis.set(title=name, xlabel="angle (0° signal, 90° noise)", ylim=(-3, 3))
    axis.set_xticks([0, 30, 60, 90], ["0°", "30°", "60°", "90°"])
axes[0].set_ylabel("x")
figure.tight_layout()

# %% [markdown]
# ## 3. The plane: the score points home
#
# Four modes at $(\pm 2, \pm 2)$. Arrows are the score $\nabla \log p(x)$ at four noise levels:
# under much noise it knows only the middle, under little noise it knows every mode.

# %%
modes = four_modes()
side = torch.linspace(-4, 4, 90, dtype=torch.float64)
plane = torch.cartesian_prod(side, side)
sparse = torch.cartesian_prod(*[torch.linspace(-3.6, 3.6, 15, dtype=torch.float64)] * 2)

figure, axes = plt.subplots(1, 4, figsize=(11, 3.0), sharex=True, sharey=True)
for axis, level in zip(axes, np.radians([75, 50, 30, 12]), strict=True):
    angle = torch.tensor(level, dtype=torch.float64)
    height = noised(modes, angle).log_density(plane).exp().reshape(90, 90).T
    axis.contourf(side, side, height, levels=12, cmap="Blues")
    arrows = score_from_clean(sparse, modes.denoise(sparse, angle), angle)
    arrows = arrows / (1 + arrows.norm(dim=1, keepdim=True))
    axis.quiver(*sparse.T, *arrows.T, color=INK, scale=22, width=0.004, alpha=0.75)
    axis.set_title(degrees(angle))
    axis.set_aspect("equal")
    axis.set(xticks=[-2, 2], yticks=[-2, 2])
figure.tight_layout()

# %% [markdown]
# The same noise, sent home without chance (left) and with it (right). The ODE's lines are
# smooth, so few steps suffice; the SDE forgets where it began, which also lets it forget its
# own errors.

# %%
ladder = linear().ladder(400)
x = torch.randn(240, 2, generator=seeded(8), dtype=torch.float64)
walks = {
    "probability-flow ODE": torch.stack(list(ddim(modes.denoise, x, ladder, seeded(0)))),
    "reverse SDE": torch.stack(list(euler_maruyama(modes.denoise, x, ladder, seeded(1)))),
}
figure, axes = plt.subplots(1, 2, figsize=(9, 4.4), sharex=True, sharey=True)
for axis, (name, paths) in zip(axes, walks.items(), strict=True):
    tracks = 40 if axis is axes[0] else 6
    axis.plot(*paths[:, :tracks].permute(2, 0, 1), color=INK, lw=0.6, alpha=0.5)
    axis.scatter(*paths[0].T, s=6, color=BLUE, label="noise", zorder=3)
    axis.scatter(*paths[-1].T, s=6, color=ORANGE, label="signal", zorder=3)
    axis.set(title=name, xlim=(-4, 4), ylim=(-4, 4), xticks=[-2, 0, 2], yticks=[-2, 0, 2])
    axis.set_aspect("equal")
figure.legend(
    *axes[0].get_legend_handles_labels(), frameon=False, loc="lower center", ncol=2, markerscale=2
)
figure.tight_layout(rect=(0, 0.05, 1, 1))

# %% [markdown]
# ## 4. A path of growth and inflation
#
# Now a signal is a *path*: twelve quarters of GDP growth and inflation. The law is a mixture of
# two textbook economies, VAR(1)s with the same dynamics that start apart: a calm one (80%), and
# one in which a supply shock lowers growth and lifts inflation (20%). Not an estimate of
# anything: a law known to the digit, in the units of the real thing. (The forecaster learns
# such laws from data.)

# %%
QUARTERS = 12
dynamics = torch.tensor([[0.45, -0.12], [0.05, 0.82]], dtype=torch.float64)
shocks = torch.tensor([[2.6, -0.25], [-0.25, 0.5]], dtype=torch.float64)
rest = torch.tensor([2.2, 2.0], dtype=torch.float64)  # per cent, annual rate


def economy(first):
    """Mean [quarter * series] and covariance of a path whose first mean is `first`."""
    means, away = [], torch.tensor(first, dtype=torch.float64) - rest
    covariance = torch.zeros(QUARTERS, 2, QUARTERS, 2, dtype=torch.float64)
    variance = torch.zeros(2, 2, dtype=torch.float64)
    for s in range(QUARTERS):
        means.append(rest + away)
        away = dynamics @ away
        variance = dynamics @ variance @ dynamics.T + shocks
        reach = variance
        for t in range(s, QUARTERS):
            covariance[t, :, s], covariance[s, :, t] = reach, reach.T
            reach = dynamics @ reach
    return torch.stack(means).flatten(), covariance.reshape(2 * QUARTERS, -1)


calm, supply = economy([2.4, 2.0]), economy([-5.0, 5.5])
paths_law = Mixture(
    torch.tensor([0.8, 0.2], dtype=torch.float64),
    torch.stack([calm[0], supply[0]]),
    torch.stack([calm[1], supply[1]]),
)
# the model's own units: centred, of unit variance
centre = paths_law.mean()
size = paths_law.covariance().diagonal().sqrt()
units = Mixture(
    paths_law.weights,
    (paths_law.means - centre) / size,
    paths_law.covariances / size[:, None] / size,
)


def data_units(x):
    return (x * size + centre).reshape(-1, QUARTERS, 2)


def draw_paths(axis, x, colour, lw=0.8, alpha=0.55):
    axis.plot(
        np.arange(1, QUARTERS + 1),
        data_units(x)[:, :, axis.series].T,
        color=colour,
        lw=lw,
        alpha=alpha,
    )


def after_a_supply_shock(x):
    """Which of these signals are likelier to come from the second economy."""
    one, other = (gaussian(m, c) for m, c in zip(units.means, units.covariances, strict=True))
    return 0.8 * one.log_density(x).exp() < 0.2 * other.log_density(x).exp()


angles = even_angles(24)
noise = torch.randn(40, 2 * QUARTERS, generator=seeded(2), dtype=torch.float64)
true = units.draw(40, seeded(6))
shown = [0, 8, 12, 16, 20, 24]
columns = {
    "forward": [diffuse(true, noise, angles.flip(0)[k]) for k in shown],
    "reverse": [list(angular(units.denoise, noise, angles))[k] for k in shown],
}
for direction, states in columns.items():
    figure, axes = plt.subplots(2, len(shown), figsize=(11, 3.8), sharex=True, sharey="row")
    levels = angles.flip(0) if direction == "forward" else angles
    supply_side = after_a_supply_shock(states[0] if direction == "forward" else states[-1])
    for k, (column, state) in enumerate(zip(axes.T, states, strict=True)):
        for series, axis in enumerate(column):
            axis.series = series
            draw_paths(axis, state[~supply_side], BLUE, lw=0.6, alpha=0.4)
            draw_paths(axis, state[supply_side], ORANGE, lw=1.1, alpha=0.9)
            axis.axhline(0, color=GREY, lw=0.5, zorder=0)
        column[0].set_title(degrees(levels[shown[k]]))
        column[1].set_xticks([1, 6, 12])
    axes[0, 0].set_ylabel("GDP growth, %")
    axes[1, 0].set_ylabel("inflation, %")
    axes[0, 0].set_ylim(-8, 10)
    axes[1, 0].set_ylim(-2, 8)
    figure.supxlabel("quarter", fontsize=9, color=INK)
    where = "begin" if direction == "forward" else "end"
    figure.suptitle(
        f"{direction}: 40 paths; in orange those that {where} as after a supply shock",
        color=INK,
        fontsize=10,
    )
    figure.tight_layout()

# %% [markdown]
# Each path is one point in 24 dimensions. Look at it through two numbers, average growth and
# average inflation over the first year, to see the trajectories of the same paths as above:

# %%
average = torch.zeros(2, 2 * QUARTERS, dtype=torch.float64)
for series in (0, 1):
    average[series, series:8:2] = 0.25


def year(x):
    return (x * size + centre) @ average.T


def seen(law):
    """The law of the two averages."""
    means = (law.means * size + centre) @ average.T
    scaled = law.covariances * size[:, None] * size
    return Mixture(law.weights, means, average @ scaled @ average.T)


ladder = linear().ladder(300)
walks = {
    "probability-flow ODE": list(ddim(units.denoise, noise, ladder, seeded(0))),
    "reverse SDE": list(euler_maruyama(units.denoise, noise, ladder, seeded(1))),
}
sides = (
    torch.linspace(-6, 7, 80, dtype=torch.float64),
    torch.linspace(-1, 9, 80, dtype=torch.float64),
)
height = seen(units).log_density(torch.cartesian_prod(*sides)).exp().reshape(80, 80).T
figure, axes = plt.subplots(1, 2, figsize=(9.5, 4.2), sharex=True, sharey=True)
for axis, (name, states) in zip(axes, walks.items(), strict=True):
    track = torch.stack([year(x) for x in states])
    axis.contourf(*sides, height**0.5, levels=12, cmap="Blues")
    tracks = track[-1, :, 1].argsort(descending=True)[: 60 if axis is axes[0] else 5]
    axis.plot(*track[:, tracks].permute(2, 0, 1), color=INK, lw=0.5, alpha=0.45)
    axis.scatter(*track[0].T, s=8, color=INK, label="noise", zorder=3)
    axis.scatter(*track[-1].T, s=10, color=ORANGE, label="path", zorder=3)
    axis.set(title=name, xlabel="growth in the first year, %", xlim=(-6, 7), ylim=(-1, 9))
axes[0].set_ylabel("inflation in the first year, %")
axes[0].legend(frameon=False, loc="upper right")
figure.tight_layout()

# %% [markdown]
# ## 5. What if: pinning a part of the path
#
# A scenario pins some cells, and the rest must follow as the law says. Guidance changes the
# denoiser, the sampler does not notice. Inflation is pinned to 5% for the first year; growth is
# free. For a Gaussian this is exact; here the law has two modes, and the weights of sequential Monte
# Carlo (`econdiff.diffusion.twisted`) put right how much the pins favour the second.

# %%
from econdiff.diffusion.twisted import twisted

matrix = torch.eye(2 * QUARTERS, dtype=torch.float64)[[1, 3, 5, 7]]
value = ((5.0 - centre) / size)[[1, 3, 5, 7]]
pins = exactly(matrix, value)
start = torch.randn(2000, 2 * QUARTERS, generator=seeded(11), dtype=torch.float64)
found = twisted(
    units.denoise, start, even_angles(40), pins, seeded(12), SignalCovariance(units.covariance())
)
drawn = found.equal(seeded(13))
plain = last(
    angular(
        pinned(units.denoise, pins, SignalCovariance(units.covariance())), start, even_angles(4)
    )
)
truth = units.given(matrix, value, pins.variance + 1e-9 * torch.eye(4, dtype=torch.float64))


def off(x):
    return float((x.mean(dim=0) - truth.mean()).abs().max())


figure, axes = plt.subplots(1, 2, figsize=(9.5, 3.4))
for series, (axis, label) in enumerate(zip(axes, ["GDP growth, %", "inflation, %"], strict=True)):
    axis.series = series
    quarters = np.arange(1, QUARTERS + 1)
    for x, colour, name in (
        (units.draw(2000, seeded(14)), GREY, "no pins"),
        (drawn, ORANGE, "pinned"),
    ):
        low, middle, high = np.quantile(data_units(x)[:, :, series], [0.1, 0.5, 0.9], axis=0)
        axis.fill_between(quarters, low, high, color=colour, alpha=0.3, lw=0)
        axis.plot(quarters, middle, color=colour, lw=1.8, label=name)
    exact = data_units(truth.mean()[None])[0, :, series]
    axis.plot(quarters, exact, color=INK, lw=1, ls="--", label="exact mean, pinned")
    axis.set(xlabel="quarter", ylabel=label, xticks=[1, 4, 8, 12])
axes[0].legend(frameon=False)
figure.tight_layout()
print(f"effective sample size {float(found.effective[-1]):.0f} of 2000;", end=" ")
print(f"largest error of the mean: weighted {off(drawn):.2f} sd, unweighted {off(plain):.2f} sd")
shares = [float(after_a_supply_shock(x).double().mean()) for x in (drawn, plain)]
print(f"after a supply shock: weighted {shares[0]:.0%}, unweighted {shares[1]:.0%};", end=" ")
print(f"exactly {float(truth.weights[1]):.0%}, and 20% without pins")

# %% [markdown]
# A pin is one way of telling a law something. Sohl-Dickstein et al. (2015) noted that a diffusion can
# be multiplied by *any* other distribution. Left the four modes, in the middle a law that prefers
# a ring, and its right side, right draws of their product (`econdiff.diffusion.product`): the weights also tell its
# mass, which is how well the two agree.

# %%
from econdiff.diffusion.product import multiplied


def ring(z):
    """Minus the log of the other law, up to its constant: far from radius 2.2 is unlikely."""
    return (z.square().sum(dim=1) - 2.2**2).square() / (2 * 1.2**2) - 0.5 * z[:, 0]


start = torch.randn(1500, 2, generator=seeded(15), dtype=torch.float64)
both = multiplied(
    modes.denoise, start, even_angles(30), ring, seeded(16), SignalCovariance(modes.covariance())
)
heights = [modes.log_density(plane), -ring(plane), modes.log_density(plane) - ring(plane)]
figure, axes = plt.subplots(1, 3, figsize=(9, 3.2), sharex=True, sharey=True)
for axis, height, name in zip(axes, heights, ["the law", "another", "their product"], strict=True):
    relative = (height - height.max()).exp().reshape(90, 90).T
    axis.contourf(side, side, relative, levels=12, cmap="Blues")
    axis.set(title=name, xticks=[-2, 2], yticks=[-2, 2])
    axis.set_aspect("equal")
axes[2].scatter(*both.particles.equal(seeded(17))[:600].T, s=3, color=ORANGE, alpha=0.6)
figure.tight_layout()
cell = float(side[1] - side[0]) ** 2
exact = float((heights[2].exp().sum() * cell).log())
print(f"log mass {both.log_mass:.2f}, on a grid {exact:.2f};", end=" ")
print(f"effective sample size {float(both.particles.effective[-1]):.0f} of 1500")

# %% [markdown]
# ## 6. How likely was it?
#
# The ODE also gives densities: a path's log density is that of its code, plus how much the flow
# has stretched space on the way. Against the truth, for a hundred paths:

# %%
z = units.draw(100, seeded(20))
ours, exact = log_density(units.denoise, z).value, units.log_density(z)
figure, axis = plt.subplots(figsize=(3.4, 3.4))
axis.plot(exact, exact, color=GREY, lw=1)
axis.scatter(exact, ours, s=16, color=BLUE, zorder=3)
axis.set(xlabel="log density, exact", ylabel="log density, by the ODE")
axis.set_aspect("equal")
figure.tight_layout()
print(f"largest difference {float((ours - exact).abs().max()):.1e} nats;", end=" ")
back = decode(units.denoise, encode(units.denoise, z))
print(f"decode(encode(z)) differs by {float((back - z).abs().max()):.0e}")

# %% [markdown]
# ## 7. How many evaluations?
#
# Time goes into evaluations of the network. For an anchor whose scale is wrong by a factor of
# 2, the error of the drawn spread by solver: the angular form has nothing to solve where the
# data are as the anchor says, and is of third order where they are not. (Heun stops getting
# better because it cannot begin at 90°, where its noise level is infinite: it begins at 84°.)

# %%
wide = gaussian(torch.zeros(1, dtype=torch.float64), torch.full((1, 1), 4.0, dtype=torch.float64))
one = torch.ones(1, 1, dtype=torch.float64)
budgets = [3, 6, 12, 24, 48, 96]
solvers = {
    "angular (default)": lambda n: angular(wide.denoise, one, even_angles(n // 3)),
    "DPM-Solver++(2M)": lambda n: dpm_solver(wide.denoise, one, eased_angles(n)),
    "Heun": lambda n: heun(wide.denoise, one, eased_angles((n + 1) // 2, np.arctan(10))),
    "DDIM": lambda n: ddim(wide.denoise, one, even_angles(n), seeded(0)),
}
figure, axis = plt.subplots(figsize=(5.2, 3.4))
for (name, solve), colour in zip(
    solvers.items(), [ORANGE, BLUE, "#5b8a61", "#7d838b"], strict=True
):
    error = [abs(float(last(solve(n))) / 2 - 1) for n in budgets]
    axis.loglog(budgets, error, "o-", color=colour, ms=4, lw=1.4)
    axis.annotate(
        name,
        (budgets[-1], error[-1]),
        (6, {"DDIM": 7, "Heun": -6}.get(name, 0)),
        textcoords="offset points",
        va="center",
        color=colour,
    )
axis.plot((2.8, budgets[-1]), (0.01, 0.01), color=INK, lw=0.6, ls=":")
axis.annotate("1%", (3, 0.01), (0, 3), textcoords="offset points", color=INK)
axis.set(xlabel="evaluations", ylabel="error of the spread", xticks=budgets, xlim=(2.8, 340))
axis.set_xticks(budgets, budgets)
axis.minorticks_off()
figure.tight_layout()

# %% [markdown]
# ## 8. Learned instead of known
#
# In life the law is not known, and $D$ is a network. The smallest honest case: a perceptron,
# trained on draws of the four modes for some ten seconds with the objective of the forecaster,
# $E\,\lVert v - \hat v(x, \varphi) \rVert^2$.

# %%
learned = learn(modes, seeded(0), steps=1500)
x = torch.randn(1500, 2, generator=seeded(30))
points = last(angular(learned, x, even_angles(8)))
figure, axes = plt.subplots(1, 2, figsize=(7.4, 3.6), sharex=True, sharey=True)
angle = torch.tensor(np.radians(12))
for axis, source, name in (
    (axes[0], modes.draw(1500, seeded(31)), "true draws"),
    (axes[1], points, "learned"),
):
    denoise = modes.denoise if name == "true draws" else learned
    where = sparse.to(source.dtype)
    arrows = score_from_clean(where, denoise(where, angle.to(source.dtype)), angle)
    arrows = arrows / (1 + arrows.norm(dim=1, keepdim=True))
    axis.scatter(*source.T, s=3, color=ORANGE, alpha=0.5)
    axis.quiver(*where.T, *arrows.T, color=INK, scale=22, width=0.004, alpha=0.6)
    axis.set(title=name, xlim=(-4, 4), ylim=(-4, 4), xticks=[-2, 2], yticks=[-2, 2])
    axis.set_aspect("equal")
figure.tight_layout()

# %% [markdown]
# The forecaster is this with two additions. The signal is not the future itself but the
# *innovations* that the econometrician's model (the anchor) turns it into, so that an untrained
# network already is that model. And the network is told of the history. The pages:
# `econdiff/diffusion/views.py`, `sampler.py`, `objective.py`, `likelihood.py`, `guidance.py`;
# then `network.py` and `model.py`.
