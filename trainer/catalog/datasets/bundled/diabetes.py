"""Diabetes progression (Efron et al. 2004, doi:10.1214/009053604000000067), bundled with scikit-learn."""

from trainer.config.data_spec import DataSpec
from trainer.config.registry import DATASETS
from trainer.data.values import Arrays

SPEC = DataSpec(
    task="regression",
    input_shape=(10,),
    examples=442,
    feature_names=("age", "sex", "bmi", "bp", "s1", "s2", "s3", "s4", "s5", "s6"),
    standardize=True,
    source="Efron et al., Least Angle Regression, bundled with scikit-learn",
    licence="not stated",
    url="https://www4.stat.ncsu.edu/~boos/var.select/diabetes.html",
)


@DATASETS.register(
    label="Diabetes",
    help="Predict the progression of diabetes after one year from ten measurements.",
    spec=SPEC,
    order=5,
)
def diabetes(seed):
    """Returns x: float32 (442, 10), each feature in its own unit, in [1, 301]; y: progression in [25, 346]."""
    from sklearn.datasets import load_diabetes

    bunch = load_diabetes(scaled=False)
    return Arrays(bunch.data.astype("float32"), bunch.target)
