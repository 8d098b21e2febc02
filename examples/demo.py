"""A ResNet-50 written for torch, run by torch, jax, tensorflow and numpy. Writes every stage to build/demo."""

from mlgraph.tools.demo import main

if __name__ == "__main__":
    main()
