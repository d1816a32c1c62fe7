"""The engine: a conditional diffusion of innovations. torch lives here and in `pretrain`."""
