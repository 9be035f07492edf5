"""A registry turns a function's typed keyword arguments into options, checks and sentences."""

import subprocess
import sys
from typing import Annotated, Literal

import pytest
from pydantic import Field

from trainer.config.options import plain, shown
from trainer.config.registry import DATASETS, MODELS, Registry
from trainer.config.traits import ModelTraits, Traits
from trainer.errors import ConfigError


@pytest.fixture
def kinds():
    registry = Registry("kind", "trainer.errors", Traits)

    @registry.register(label="Sample", help="A sample.")
    def sample(
        data,
        *,
        path: Annotated[str, Field(description="Where.")],
        count: Annotated[int, Field(ge=1, le=2_000_000, title="how many")] = 3,
        rate: Annotated[float, Field(gt=0, le=1)] = 0.00001,
        share: Annotated[float | None, Field(ge=0)] = None,
        mode: Literal["a", "b"] = "a",
        fast: bool = False,
    ): ...

    return registry


def test_options_describe_the_keyword_arguments_in_their_order(kinds):
    options = {option.name: option for option in kinds["sample"].options}
    assert list(options) == ["path", "count", "rate", "share", "mode", "fast"]
    assert [option.kind for option in options.values()] == ["text", "int", "float", "float", "choice", "bool"]
    assert (options["count"].minimum, options["count"].maximum, options["count"].label) == (1, 2_000_000, "how many")
    assert (options["rate"].above, options["rate"].minimum, options["path"].help) == (0, None, "Where.")
    assert options["share"].optional
    assert options["mode"].choices == ("a", "b")


def test_limits_read_like_sentences(kinds):
    limits = {option.name: option.allowed for option in kinds["sample"].options}
    assert limits == {
        "path": "text",
        "count": "a whole number between 1 and 2,000,000",
        "rate": "a number above 0 and at most 1",
        "share": "a number of at least 0, or null",
        "mode": "one of a, b",
        "fast": "true or false",
    }


def test_refusals_name_argument_limit_value_and_remedy(kinds):
    for options, sentence in (
        ({}, "path (kind sample) is missing. It must be text. Give a value."),
        (
            {"path": "", "count": 0},
            "count (kind sample) must be a whole number between 1 and 2,000,000. Received: 0. "
            "Choose a value in this range.",
        ),
        ({"path": "", "mode": "c"}, "mode (kind sample) must be one of a, b. Received: 'c'. Choose one of them."),
        ({"path": "", "fast": 1}, "fast (kind sample) must be true or false. Received: 1. Choose true or false."),
        (
            {"path": "", "cuont": 1},
            "'cuont' is not an option of kind sample. "
            "Choose one of path, count, rate, share, mode, fast, or remove it.",
        ),
    ):
        with pytest.raises(ConfigError) as caught:
            kinds["sample"].parse(options)
        assert str(caught.value) == sentence


def test_parse_fills_in_the_defaults_and_runs_the_check_of_the_entry(kinds):
    seen = []

    @kinds.register(label="Named", help="Checks.", name="named", check=seen.append)
    def function(*, size: int = 3): ...

    assert kinds["named"].parse({}) == {"size": 3}
    assert seen == [{"size": 3}]


def test_unknown_names_are_answered_with_the_names_there_are(kinds):
    with pytest.raises(ConfigError, match=r"^kind: there is no kind 'simple'\. Choose one of sample\.$") as caught:
        kinds["simple"]
    assert caught.value.argument == "kind"
    for name in (None, 3, ["sample"]):
        with pytest.raises(ConfigError):
            kinds[name]


def test_two_files_cannot_take_the_same_name(kinds):
    def sample(data): ...

    sample.__module__ = "somewhere.else"
    with pytest.raises(ValueError, match="kind sample is registered twice"):
        kinds.register(label="Sample", help="Another.")(sample)


@pytest.mark.parametrize(
    ("number", "text"), [(1_000_000, "1,000,000"), (1e-5, "0.00001"), (0.99999, "0.99999"), (0.0, "0"), (100.0, "100")]
)
def test_numbers_are_written_without_exponent(number, text):
    assert plain(number) == text


def test_long_values_are_cut_short():
    assert shown("ab") == "'ab'"
    assert len(shown("x" * 10**6)) < 100


def test_one_file_in_the_package_or_below_is_one_entry(tmp_path):
    package = tmp_path / "novelties"
    room = package / "room"
    room.mkdir(parents=True)
    (package / "__init__.py").write_text("")
    source = "from trainer.config.registry import MODELS\n@MODELS.register(label='N', help='N.')\ndef {}(data): ..."
    (package / "novel.py").write_text(source.format("novel"))
    (room / "__init__.py").write_text("")
    (room / "deep.py").write_text(source.format("deep"))
    (room / "_private.py").write_text("raise RuntimeError('must not be imported')")
    (package / "_private.py").write_text("raise RuntimeError('must not be imported')")
    code = "import trainer.config.registry as r; r.MODELS.package = 'novelties'; print(*r.MODELS)"
    result = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(tmp_path)!r}); {code}"],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert result.stdout.split() == ["deep", "novel"], result.stderr


def test_the_catalogue_is_there_without_importing_what_is_slow():
    code = (
        "import sys; from trainer import RunConfig; RunConfig(model='cnn', dataset='digits', optimizer='sgd'); "
        "print([name for name in ('tensorflow', 'keras', 'sklearn', 'streamlit') if name in sys.modules])"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert result.stdout.strip() == "[]", result.stderr


def test_entries_have_typed_traits_with_defaults():
    assert isinstance(MODELS["cnn"].traits, ModelTraits)
    assert MODELS["cnn"].traits.accepts
    assert MODELS["cnn"].traits.learner == "supervised"
    with pytest.raises(AttributeError):
        MODELS["cnn"].traits.nothing  # noqa: B018


@pytest.mark.parametrize(
    ("registry", "traits", "sentence"),
    [
        (MODELS, {"acepts": None}, r"^model novel: there is no trait 'acepts'\. Choose one of order, .*accepts, suits"),
        (DATASETS, {"accepts": None}, r"^dataset novel: there is no trait 'accepts'\. Choose one of .*spec, files"),
        (DATASETS, {"files": ()}, r"^dataset novel: the trait 'spec' is missing\. Give it to register\(spec=…\)\.$"),
    ],
    ids=["misspelled", "of another registry", "missing"],
)
def test_an_unknown_or_missing_trait_is_refused_at_registration(registry, traits, sentence):
    def novel(data): ...

    with pytest.raises(ValueError, match=sentence):
        registry.register(label="Novel", help="A novelty.", **traits)(novel)
    assert "novel" not in registry
