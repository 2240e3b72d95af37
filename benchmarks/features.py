"""Features learnt without labels, and what a classifier makes of them: three papers' experiments.

Each experiment yields pairs of a measure and its value. The paper's figure stands in its docstring.
"""

import copy
import itertools
from collections.abc import Callable, Iterator, Sequence

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from tqdm import tqdm

from aecourse import torch_nn
from aecourse.corruption import Corruption
from aecourse.data import Dataset
from aecourse.device import torch_device
from aecourse.optimizers import Adam
from aecourse.sparse import centred_weights, dead_units, sparsity_schedule
from aecourse.torch_nn.contractive import ContractiveAutoencoder, jacobian_norm
from aecourse.torch_nn.denoising import DenoisingAutoencoder
from aecourse.torch_nn.sparse import KSparseAutoencoder
from aecourse.torch_nn.training import flushed_denormals

__all__ = ["contractive", "k_sparse", "stacked"]

Floats = npt.NDArray[np.float32]
Labels = npt.NDArray[np.int64]
Part = tuple[Floats, Labels]
Measures = Iterator[tuple[str, float]]

BATCH = 100
TEST_ERROR = "test error in per cent"
VALIDATION_ERROR = "validation error in per cent"
MNIST_BASIC_SEED = 2010


def mnist_basic(data: Dataset) -> tuple[Part, Part, Part]:
    """Draw a set of the kind of MNIST-basic (Larochelle et al., 2007).

    Parameters
    ----------
    data
        The full MNIST.

    Returns
    -------
    tuple
        10,000 training, 2,000 validation and 50,000 test images with their labels, all different,
        from the 70,000 of MNIST. The draw is the same in every run.
    """
    x = np.concatenate([data.x_train, data.x_test])
    y = np.concatenate([data.y_train, data.y_test])
    order = np.random.default_rng(MNIST_BASIC_SEED).permutation(len(x))[:62_000]
    training, validation, test = ((x[rows], y[rows]) for rows in np.split(order, [10_000, 12_000]))
    return training, validation, test


def standard_split(data: Dataset) -> tuple[Part, Part, Part]:
    """Set the last 10,000 training images aside for validation.

    Parameters
    ----------
    data
        The full MNIST.

    Returns
    -------
    tuple
        50,000 training, 10,000 validation and 10,000 test images with their labels.
    """
    return (
        (data.x_train[:50_000], data.y_train[:50_000]),
        (data.x_train[50_000:], data.y_train[50_000:]),
        (data.x_test, data.y_test),
    )


def _tensors(part: Part) -> tuple[Tensor, Tensor]:
    x, y = (torch.from_numpy(np.ascontiguousarray(array)) for array in part)
    return x.to(torch_device()), y.to(torch_device())


def _minibatches(x: Tensor, rng: np.random.Generator) -> tuple[Tensor, ...]:
    return torch.from_numpy(rng.permutation(len(x))).to(x.device).split(BATCH)


@torch.no_grad()
def error_rate(model: nn.Module, x: Tensor, y: Tensor) -> float:
    """Return the share of wrong answers, in per cent.

    Parameters
    ----------
    model
        From images to one score for each of the ten digits.
    x, y
        Images (n, d) and labels (n,).

    Returns
    -------
    float
        From 0 to 100.
    """
    wrong = sum(
        int((model(rows).argmax(dim=1) != labels).sum())
        for rows, labels in zip(x.split(1000), y.split(1000), strict=True)
    )
    return 100 * wrong / len(y)


def train_with_labels(
    model: nn.Module,
    x: Tensor,
    y: Tensor,
    *,
    epochs: int,
    learning_rate: float,
    falling: bool = False,
    seed: int,
) -> Iterator[int]:
    """Train a classifier, and pause after each epoch.

    Parameters
    ----------
    model
        From images to ten scores; changed in place.
    x, y
        Images (n, d) and labels (n,).
    epochs, learning_rate
        Passes over the images, and the step of Adam.
    falling
        Whether the step falls to zero, in a line.
    seed
        Seed of the order of the images.

    Yields
    ------
    int
        The number of the epoch, from zero.
    """
    optimizer = torch.optim.Adam(model.parameters(), lr=learning_rate, fused=True)
    end = 0.0 if falling else 1.0
    scheduler = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, end, total_iters=epochs)
    rng = np.random.default_rng([seed, 2])
    for epoch in range(epochs):
        for rows in _minibatches(x, rng):
            optimizer.zero_grad()
            nn.functional.cross_entropy(model(x[rows]), y[rows]).backward()
            optimizer.step()
        scheduler.step()
        yield epoch


def train_classifier(
    model: nn.Module,
    parts: tuple[Part, Part, Part],
    *,
    epochs: int,
    learning_rate: float,
    seed: int,
) -> Measures:
    """Train a classifier with labels; report it as it was in its best epoch on the validation set.

    Parameters
    ----------
    model
        From images to ten scores; changed in place.
    parts
        Training, validation and test set.
    epochs, learning_rate, seed
        As in `train_with_labels`.

    Yields
    ------
    tuple
        Validation and test error in per cent, of the same epoch. The test set is looked at once.
    """
    (x, y), validation, test = map(_tensors, parts)
    best, weights = float("inf"), copy.deepcopy(model.state_dict())
    for _ in train_with_labels(model, x, y, epochs=epochs, learning_rate=learning_rate, seed=seed):
        validation_error = error_rate(model, *validation)
        if validation_error < best:
            best, weights = validation_error, copy.deepcopy(model.state_dict())
    model.load_state_dict(weights)
    yield VALIDATION_ERROR, best
    yield TEST_ERROR, error_rate(model, *test)


def softmax_layer(n_in: int, seed: int) -> nn.Sequential:
    """Return a layer of ten scores, small random weights, zero biases."""
    return torch_nn.mlp((n_in, 10), output="linear", seed=seed + 1000)


def stacked(
    load: Callable[[], Dataset],
    seed: int,
    *,
    amount: float,
    sizes: Sequence[int] = (784, 1000, 1000, 1000),
    pretraining_epochs: int = 30,
    epochs: int = 50,
    limit: int | None = None,
) -> Measures:
    """Pretrain layer by layer, then fine-tune with labels (Vincent et al., 2010, table 3).

    On MNIST-basic the paper gives a test error of 2.84 % for three denoising layers and of 3.46 %
    for three plain ones. As there: sigmoids, tied weights, cross-entropy, masking noise. Other than
    there: Adam, one amount of noise for all layers, no search over sizes and rates.

    Parameters
    ----------
    load
        Returns the full MNIST.
    seed
        Seed of weights, noise and order.
    amount
        Share of values that are masked in pretraining, of images and of codes; 0 is the plain
        autoencoder.
    sizes
        Pixels, then units layer by layer.
    pretraining_epochs, epochs
        Passes over the training images for each layer, and of fine-tuning.
    limit
        Use that many images of each part only, to see that it runs.

    Yields
    ------
    tuple
        Validation and test error in per cent.
    """
    parts = _first(mnist_basic(load()), limit)
    codes, layers = parts[0][0], []
    for number, (n_in, n_out) in enumerate(itertools.pairwise(sizes)):
        encoder = torch_nn.mlp((n_in, n_out), seed=seed + 10 * number)
        model = DenoisingAutoencoder(
            encoder,
            torch_nn.tied_decoder(encoder),
            corruption=Corruption("masking", amount),
            loss=torch_nn.binary_cross_entropy_per_image,
            overcomplete=True,
        )
        torch_nn.minimise(
            model,
            codes,
            noise=model.noise,
            optimizer=Adam(1e-3),
            epochs=pretraining_epochs,
            batch_size=BATCH,
            seed=seed + 10 * number,
        )
        codes = torch_nn.encode(model, codes)
        layers.append(encoder)
    classifier = nn.Sequential(*layers, softmax_layer(sizes[-1], seed))
    yield from train_classifier(classifier, parts, epochs=epochs, learning_rate=3e-4, seed=seed)


def contractive(
    load: Callable[[], Dataset],
    seed: int,
    *,
    weight: float,
    units: int = 1000,
    pretraining_epochs: int = 25,
    epochs: int = 30,
    limit: int | None = None,
) -> Measures:
    """Pretrain one layer, measure its Jacobian, then fine-tune with labels (Rifai et al., 2011).

    On MNIST the paper gives a test error of 1.14 % after the contractive penalty and of 1.78 %
    after a plain autoencoder, and a smaller Jacobian for the first. As there: 1,000 sigmoids, tied
    weights, cross-entropy. Other than there: Adam, no search over rates. The weight 3 had the
    lowest validation error among 0, 0.3, 1, 3 and 10 for 300 units and 10,000 images.

    Parameters
    ----------
    load
        Returns the full MNIST.
    seed
        Seed of weights and order.
    weight
        Of the penalty; 0 is the plain autoencoder.
    units
        Size of the code.
    pretraining_epochs, epochs
        Passes over the training images without and with labels.
    limit
        Use that many images of each part only, to see that it runs.

    Yields
    ------
    tuple
        Mean Frobenius norm of the code's Jacobian on test images after pretraining, then
        validation and test error in per cent.
    """
    parts = _first(standard_split(load()), limit)
    encoder = torch_nn.mlp((784, units), seed=seed)
    model = ContractiveAutoencoder(
        encoder,
        torch_nn.tied_decoder(encoder),
        weight=weight,
        loss=torch_nn.binary_cross_entropy_per_image,
        overcomplete=True,
    )
    torch_nn.minimise(
        model,
        parts[0][0],
        optimizer=Adam(1e-3),
        epochs=pretraining_epochs,
        batch_size=BATCH,
        seed=seed,
    )
    yield "mean norm of the Jacobian", float(jacobian_norm(model, parts[2][0]).mean())
    classifier = nn.Sequential(encoder, softmax_layer(units, seed))
    yield from train_classifier(classifier, parts, epochs=epochs, learning_rate=3e-4, seed=seed)


def train_k_sparse(
    model: KSparseAutoencoder, x: Floats, *, start: int, epochs: int, seed: int
) -> None:
    """Train a k-sparse autoencoder with falling k and falling steps.

    Parameters
    ----------
    model
        Changed in place.
    x
        Images, shape (n, d).
    start
        First k; it falls to the model's own over the first half of the epochs.
    epochs
        Passes over the images. The step of Adam falls from 0.001 to zero, along half a cosine.
    seed
        Seed of the order of the images.
    """
    images = torch.from_numpy(x).to(torch_device())
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3, fused=True)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, epochs)
    rng = np.random.default_rng([seed, 3])
    with flushed_denormals():
        for k in tqdm(sparsity_schedule(start, model.k, epochs), unit="epoch"):
            model.k = k
            for rows in _minibatches(images, rng):
                optimizer.zero_grad()
                model.objective(images[rows], None).backward()
                optimizer.step()
            scheduler.step()


def k_sparse(
    load: Callable[[], Dataset],
    seed: int,
    *,
    k: int = 25,
    start: int = 60,
    alpha: float = 3.0,
    units: int = 1000,
    pretraining_epochs: int = 20,
    epochs: int = 12,
    limit: int | None = None,
) -> Measures:
    """Learn k-sparse features, then fit a logistic regression to them (Makhzani and Frey, 2013).

    The paper was not at hand when this was written; what others say of it was. As there: a linear
    code with tied weights, k lowered in training, alpha * k units for the classifier. Here: Adam,
    biases that begin at the mean image, and weights that begin at 0.3 of Glorot's.

    All 60,000 images are for training, where the paper is said to set 10,000 of them aside. The
    settings come from trials that trained on the first 50,000, by their errors on the other 10,000:
    25, 40, 60 and 100 for ``start``, 10 to 60 epochs, rates of 0.0004, 0.001 and 0.003, 0.1, 0.3
    and 1 for the factor of the weights, 2, 3 and 4 for ``alpha``; for the classifier 8 to 50
    epochs, dropout and weight decay.

    Parameters
    ----------
    load
        Returns the full MNIST.
    seed
        Seed of weights and order.
    k, start
        Units kept at the end and at the beginning of training.
    alpha
        The factor of k for features.
    units
        Size of the code.
    pretraining_epochs, epochs
        Passes over the training images without and with labels.
    limit
        Use that many images of each part only, to see that it runs.

    Yields
    ------
    tuple
        Number of units that are dead on the test images, and the test error in per cent. The
        features stay as they are.
    """
    data = load()
    x, x_test = data.x_train[:limit], data.x_test[:limit]
    encoder = torch_nn.mlp((784, units), output="linear", seed=seed)
    model = KSparseAutoencoder(
        encoder,
        torch_nn.tied_decoder(encoder, output="linear"),
        k=k,
        alpha=alpha,
        overcomplete=True,
    )
    weights = torch_nn.get_weights(model)
    weights["encoder.0.weight"] *= 0.3
    torch_nn.set_weights(model, centred_weights(weights, x.mean(axis=0)))
    train_k_sparse(model, x, start=start, epochs=pretraining_epochs, seed=seed)
    features, features_test = (torch_nn.encode(model, images) for images in (x, x_test))
    yield "dead units", float(dead_units(features_test))
    scale = features.std()
    classifier = softmax_layer(units, seed)
    for _ in train_with_labels(
        classifier,
        *_tensors((features / scale, data.y_train[:limit])),
        epochs=epochs,
        learning_rate=1e-3,
        falling=True,
        seed=seed,
    ):
        pass
    test = _tensors((features_test / scale, data.y_test[:limit]))
    yield TEST_ERROR, error_rate(classifier, *test)


def _first(parts: tuple[Part, Part, Part], limit: int | None) -> tuple[Part, Part, Part]:
    training, validation, test = ((x[:limit], y[:limit]) for x, y in parts)
    return training, validation, test
