"""python -m econdiff.pretrain."""

from econdiff.pretrain.run import main

if __name__ == "__main__":
    main()
