"""The papers' figures, our aims, and what was recorded: one line for each."""

from collections.abc import Mapping
from dataclasses import dataclass

from aecourse.results import Result
from aecourse.table import Table

__all__ = ["Comparison", "ComparisonTable", "compare_with_papers", "is_clearly_below"]

_REACHED = {True: "yes", False: "no", None: "open"}
_TEST_ERROR = "test error in per cent"
_LOG_LIKELIHOOD = "negative log-likelihood in nats, k = 1000"


@dataclass(frozen=True)
class Comparison:
    """What a paper printed, and what we recorded for the same measure.

    Parameters
    ----------
    name
        Experiment and measure.
    paper
        Authors and year.
    figure
        What the paper prints, or what stands in for it: a proof, or our own measurement.
    ours
        Our record.
    aim
        What was to be reached; nothing for a baseline.
    reached
        Whether it was; None where a spread is needed and there is one seed.

    Examples
    --------
    >>> ours = Result("pca-30", "squared error", {"0": 13.868}, {"0": 1.0})
    >>> line = Comparison("PCA: squared error", "Hinton 2006", 13.87, ours, "13.87", True)
    >>> [round(value / line.figure, 3) for value in line.ours.values.values()]
    [1.0]
    """

    name: str
    paper: str
    figure: float
    ours: Result
    aim: str = ""
    reached: bool | None = None


@dataclass(frozen=True, repr=False)
class ComparisonTable(Table):
    """Comparisons as a table; ``print`` shows text, a notebook shows HTML.

    Parameters
    ----------
    comparisons
        One line each.
    caption
        What the table shows.

    Examples
    --------
    >>> ours = Result("pca-30", "squared error", {"0": 13.868}, {"0": 1.0})
    >>> line = Comparison("PCA", "Hinton 2006", 13.87, ours, "13.87", True)
    >>> print(ComparisonTable((line,), "Beside the papers"))
    experiment  paper               ours   seeds  aim: reached?
    PCA         13.87, Hinton 2006  13.87  1      13.87: yes
    """

    comparisons: tuple[Comparison, ...]
    caption: str

    heads = ("experiment", "paper", "ours", "seeds", "aim: reached?")

    def cells(self) -> list[tuple[str, ...]]:
        """Return the paper's figure, ours and the aim of every comparison."""
        return [
            (
                line.name,
                f"{_rounded(line.figure)}, {line.paper}",
                _rounded(line.ours.mean)
                + (f" ± {line.ours.spread:.1g}" if len(line.ours.values) > 1 else ""),
                str(len(line.ours.values)),
                f"{line.aim}: {_REACHED[line.reached]}" if line.aim else "baseline",
            )
            for line in self.comparisons
        ]


def _rounded(value: float) -> str:
    return f"{value:.2f}" if value >= 1 else f"{value:.3g}"


def is_clearly_below(lower: Result, higher: Result) -> bool | None:
    """Say whether two means differ by more than both spreads together.

    Parameters
    ----------
    lower, higher
        Records of the same measure.

    Returns
    -------
    bool or None
        True if ``lower`` lies below ``higher``, and the gap is wider than the sum of their
        standard deviations over the seeds. None if one of them has a single seed: then nothing is
        known of its spread.

    Examples
    --------
    >>> one = Result("one", "error", {"0": 1.0, "1": 1.2}, {})
    >>> two = Result("two", "error", {"0": 2.0, "1": 2.2}, {})
    >>> is_clearly_below(one, two), is_clearly_below(two, one)
    (True, False)
    """
    if min(len(lower.values), len(higher.values)) < 2:
        return None
    return higher.mean - lower.mean > higher.spread + lower.spread


def compare_with_papers(results: Mapping[str, Result]) -> tuple[Comparison, ...]:
    """Set every recorded result beside the figure that a paper prints for it.

    Parameters
    ----------
    results
        Records, as `aecourse.results.load_results` returns them.

    Returns
    -------
    tuple of Comparison
        In the order of the results page. The figures are from Hinton and Salakhutdinov (2006),
        Baldi and Hornik (1989), Vincent et al. (2010, table 3), Rifai et al. (2011, table 1),
        Burda et al. (2016, table 1), and, as others quote it, Makhzani and Frey (2013).

    Raises
    ------
    KeyError
        If a record is missing.

    Examples
    --------
    >>> from aecourse.results import load_results
    >>> pca, *others = compare_with_papers(load_results())
    >>> pca.figure, pca.reached
    (13.87, True)
    """
    pca = results["pca-30: test error per image"]
    deep = results["deep-30: test error per image"]
    linear = results["linear-30: relative gap to the bound"]
    plain_stack = results[f"plain-stacked: {_TEST_ERROR}"]
    denoising_stack = results[f"denoising-stacked: {_TEST_ERROR}"]
    plain = results[f"plain: {_TEST_ERROR}"]
    contractive = results[f"contractive: {_TEST_ERROR}"]
    k_sparse = results[f"k-sparse: {_TEST_ERROR}"]
    one_code = results[f"vae: {_LOG_LIKELIHOOD}"]
    one_code_long = results[f"vae-long: {_LOG_LIKELIHOOD}"]
    five_codes = results[f"iwae-5: {_LOG_LIKELIHOOD}"]
    repaired = results["linear-code: test error per pixel"]
    pca_256 = results["pca-256: test error per pixel"].mean
    hinton, vincent = "Hinton and Salakhutdinov 2006", "Vincent et al. 2010"
    rifai, burda = "Rifai et al. 2011", "Burda et al. 2016"
    below = "below plain"
    pca_figure, deep_figure, k_sparse_figure, one_code_figure = 13.87, 3.00, 1.35, 86.76
    return (
        Comparison(
            "PCA, 30 components: squared error per image",
            hinton,
            pca_figure,
            pca,
            f"{pca_figure}",
            round(pca.mean, 2) == pca_figure,
        ),
        Comparison(
            "Deep autoencoder, 30 units: squared error per image",
            hinton,
            deep_figure,
            deep,
            f"below {deep_figure:.2f}",
            max(deep.values.values()) < deep_figure,
        ),
        Comparison(
            "Linear autoencoder: relative gap to the SVD bound",
            "Baldi and Hornik 1989",
            0.0,
            linear,
            "below 1e-6",
            max(linear.values.values()) < 1e-6,
        ),
        Comparison("Plain layers, stacked: test error in %", vincent, 3.46, plain_stack),
        Comparison(
            "Denoising layers, stacked: test error in %",
            vincent,
            2.84,
            denoising_stack,
            below,
            is_clearly_below(denoising_stack, plain_stack),
        ),
        Comparison("Plain layer: test error in %", rifai, 1.78, plain),
        Comparison(
            "Contractive layer: test error in %",
            rifai,
            1.14,
            contractive,
            below,
            is_clearly_below(contractive, plain),
        ),
        Comparison(
            "k-sparse features: test error in %",
            "Makhzani and Frey 2013, at second hand",
            k_sparse_figure,
            k_sparse,
            "within 0.3",
            k_sparse.mean - k_sparse_figure <= 0.3,
        ),
        Comparison(
            "VAE, long: negative log-likelihood in nats",
            burda,
            one_code_figure,
            one_code_long,
            "within 1 nat",
            one_code_long.mean - one_code_figure < 1,
        ),
        Comparison("VAE, short: negative log-likelihood in nats", burda, one_code_figure, one_code),
        Comparison(
            "IWAE, k = 5, short: negative log-likelihood in nats",
            burda,
            85.54,
            five_codes,
            "below VAE, short",
            is_clearly_below(five_codes, one_code),
        ),
        Comparison(
            "The classic example, repaired: squared error per pixel",
            "the example of 2017 (measured)",
            0.0239,
            repaired,
            "below PCA-256",
            repaired.mean < pca_256,
        ),
    )
