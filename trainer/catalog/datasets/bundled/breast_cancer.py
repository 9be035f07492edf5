"""Breast cancer, Wisconsin, diagnostic (Street, Wolberg & Mangasarian 1993), bundled with scikit-learn."""

from trainer.config.data_spec import DataSpec
from trainer.config.registry import DATASETS
from trainer.data.values import Arrays

MEASURES = (
    "radius",
    "texture",
    "perimeter",
    "area",
    "smoothness",
    "compactness",
    "concavity",
    "concave points",
    "symmetry",
    "fractal dimension",
)

SPEC = DataSpec(
    task="classification",
    input_shape=(30,),
    examples=569,
    num_classes=2,
    class_names=("malignant", "benign"),
    feature_names=(
        *(f"mean {measure}" for measure in MEASURES),
        *(f"{measure} error" for measure in MEASURES),
        *(f"worst {measure}" for measure in MEASURES),
    ),
    standardize=True,
    source="UCI Breast Cancer Wisconsin (Diagnostic), bundled with scikit-learn",
    licence="CC BY 4.0",
    url="https://archive.ics.uci.edu/dataset/17",
)


@DATASETS.register(
    label="Breast cancer",
    help="Classify tumors as malignant or benign from 30 measurements of cell nuclei.",
    spec=SPEC,
    order=4,
)
def breast_cancer(seed):
    """Returns x: float32 (569, 30), each feature in its own unit, in [0, 4254]; y: 0 malignant, 1 benign."""
    from sklearn.datasets import load_breast_cancer

    bunch = load_breast_cancer()
    return Arrays(bunch.data.astype("float32"), bunch.target)
