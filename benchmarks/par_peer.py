"""SDV's PAR on a long table, for an environment of its own that holds `sdv` (not econdiff).

    python benchmarks/par_peer.py IN.csv OUT.csv ENTITY TIME STATIC[,STATIC] PANELS [EPOCHS]

Fits at SDV's own settings (128 epochs) and writes PANELS panels, numbered in a column `panel`.
"""

import sys
import warnings

import pandas as pd


def main() -> None:
    from sdv.metadata import Metadata
    from sdv.sequential import PARSynthesizer

    warnings.simplefilter("ignore")
    source, out, entity, time, statics, panels, *epochs = sys.argv[1:]
    frame = pd.read_csv(source)
    frame[time] = pd.PeriodIndex(frame[time], freq="Q").to_timestamp()
    metadata = Metadata.detect_from_dataframes({"panel": frame})
    metadata.update_column(entity, sdtype="id")
    metadata.update_column(time, sdtype="datetime", datetime_format="%Y-%m-%d")
    metadata.set_sequence_key(entity)
    metadata.set_sequence_index(time)
    context = [name for name in statics.split(",") if name]
    count = int(epochs[0]) if epochs else 128
    par = PARSynthesizer(metadata, context_columns=context, epochs=count, cuda=False)
    par.fit({"panel": frame})
    length = int(frame.groupby(entity).size().iloc[0])
    entities = frame[entity].nunique()
    made = [
        par.sample_sequences(entities, sequence_length=length)["panel"] for _ in range(int(panels))
    ]
    table = pd.concat([part.assign(panel=k) for k, part in enumerate(made, start=1)])
    table.to_csv(out, index=False)


if __name__ == "__main__":
    main()
