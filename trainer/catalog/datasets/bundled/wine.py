"""Chemical analysis of Italian wines (Aeberhard & Forina 1992), bundled with scikit-learn."""

from trainer.config.data_spec import DataSpec
from trainer.config.registry import DATASETS
from trainer.data.values import Arrays

SPEC = DataSpec(
    task="classification",
    input_shape=(13,),
    examples=178,
    num_classes=3,
    class_names=("class_0", "class_1", "class_2"),
    feature_names=(
        "alcohol",
        "malic_acid",
        "ash",
        "alcalinity_of_ash",
        "magnesium",
        "total_phenols",
        "flavanoids",
        "nonflavanoid_phenols",
        "proanthocyanins",
        "color_intensity",
        "hue",
        "od280/od315_of_diluted_wines",
        "proline",
    ),
    standardize=True,
    source="UCI Wine, bundled with scikit-learn",
    licence="CC BY 4.0",
    url="https://archive.ics.uci.edu/dataset/109",
)


@DATASETS.register(label="Wine", help="Classify wines by grower from 13 chemical measurements.", spec=SPEC, order=3)
def wine(seed):
    """Returns x: float32 (178, 13), each feature in its own unit, in [0.13, 1680]; y: the grower."""
    from sklearn.datasets import load_wine

    bunch = load_wine()
    return Arrays(bunch.data.astype("float32"), bunch.target)
