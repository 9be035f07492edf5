"""Iris flowers (Fisher 1936, doi:10.1111/j.1469-1809.1936.tb02137.x), bundled with scikit-learn."""

from trainer.config.data_spec import DataSpec
from trainer.config.registry import DATASETS
from trainer.data.values import Arrays

SPEC = DataSpec(
    task="classification",
    input_shape=(4,),
    examples=150,
    num_classes=3,
    class_names=("setosa", "versicolor", "virginica"),
    feature_names=("sepal length (cm)", "sepal width (cm)", "petal length (cm)", "petal width (cm)"),
    standardize=True,
    source="UCI Iris, bundled with scikit-learn",
    licence="CC BY 4.0",
    url="https://archive.ics.uci.edu/dataset/53",
)


@DATASETS.register(
    label="Iris", help="Classify three species of iris from four measurements of the flower.", spec=SPEC, order=2
)
def iris(seed):
    """Returns x: float32 (150, 4), lengths in cm in [0.1, 7.9]; y: the species."""
    from sklearn.datasets import load_iris

    bunch = load_iris()
    return Arrays(bunch.data.astype("float32"), bunch.target)
