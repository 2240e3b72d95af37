"""What is asked about chapter 7, and what is right: layouts, batches, rounding, rules, files."""

import itertools
import json

import numpy as np

from aecourse.grading.questions import (
    FunctionQuestion,
    Mistake,
    PropertyQuestion,
    TextQuestion,
)

# From PyTorch's layout to the course's


def _to_course(state):
    return {name: np.array(array.T) for name, array in state.items()}


def _layout_inputs(rng):
    def state(*sizes):
        arrays = {}
        for layer, (n_in, n_out) in enumerate(itertools.pairwise(sizes)):
            arrays[f"layer.{layer}.weight"] = rng.normal(size=(n_out, n_in))
            arrays[f"layer.{layer}.bias"] = rng.normal(size=n_out)
        return arrays

    d, k = int(rng.integers(6, 9)), int(rng.integers(2, 5))
    return {
        "one hidden layer": (state(d, k, d),),
        "square weights": (state(k, k, k),),
        "four layers, float32": (
            {name: array.astype("float32") for name, array in state(d, 5, k, 5, d).items()},
        ),
    }


def _nothing_transposed(state):
    return {name: array.copy() for name, array in state.items()}


def _reshaped(state):
    return {name: array.reshape(array.shape[::-1]) for name, array in state.items()}


def _square_forgotten(state):
    return {
        name: array if array.ndim == 2 and array.shape[0] == array.shape[1] else array.T
        for name, array in state.items()
    }


def _biases_as_columns(state):
    return {
        name: array.T if array.ndim == 2 else array.reshape(-1, 1) for name, array in state.items()
    }


layout = FunctionQuestion(
    "layout",
    points=1,
    function="to_course",
    reference=_to_course,
    inputs=_layout_inputs,
    mistakes=(
        Mistake(
            "nothing is transposed",
            _nothing_transposed,
            "The matrices still have PyTorch's shape (n_out, n_in): transpose each of them.",
        ),
        Mistake(
            "reshaped, not transposed",
            _reshaped,
            "`reshape` changes the shape but leaves the numbers in their old order in memory: "
            "look for the method that swaps the two axes.",
        ),
        Mistake(
            "square matrices are left as they are",
            _square_forgotten,
            "A square matrix needs its transpose too, although its shape does not show it: "
            "do not decide by the shape.",
        ),
        Mistake(
            "biases become columns",
            _biases_as_columns,
            "A bias has one axis in both layouts: give it back with shape (n_out,).",
        ),
    ),
    hints=(
        "What does a transpose do to an array with a single axis?",
        "Every value of the dictionary can be treated alike: `array.T` leaves a bias as it is.",
        "Build a new dictionary in one line: `{name: ... for name, array in state.items()}`.",
    ),
)

# The same batches


def _minibatches(n, batch_size, epochs, seed):
    rng = np.random.default_rng(seed)
    batches = []
    for _ in range(epochs):
        order = rng.permutation(n)
        batches += [order[at : at + batch_size].tolist() for at in range(0, n, batch_size)]
    return batches


def _batch_inputs(rng):
    seeds = rng.integers(1000, size=4).tolist()
    b = int(rng.integers(3, 6))
    return {
        "a short last batch": (3 * b + 2, b, 3, seeds[0]),
        "no short batch": (4 * b, b, 2, seeds[1]),
        "fewer images than a batch": (b + 4, b + 9, 2, seeds[2]),
        "one epoch": (2 * b + 1, b, 1, seeds[3]),
    }


def _new_generator(n, batch_size, epochs, seed):
    batches = []
    for _ in range(epochs):
        order = np.random.default_rng(seed).permutation(n)
        batches += [order[at : at + batch_size].tolist() for at in range(0, n, batch_size)]
    return batches


def _rest_dropped(n, batch_size, epochs, seed):
    rng = np.random.default_rng(seed)
    batches = []
    for _ in range(epochs):
        order = rng.permutation(n)
        for batch in range(n // batch_size):
            batches.append(order[batch * batch_size : (batch + 1) * batch_size].tolist())
    return batches


def _not_shuffled(n, batch_size, epochs, seed):  # noqa: ARG001
    rows = list(range(n))
    return [rows[at : at + batch_size] for at in range(0, n, batch_size)] * epochs


def _old_generator(n, batch_size, epochs, seed):
    rng = np.random.RandomState(seed)
    batches = []
    for _ in range(epochs):
        order = rng.permutation(n)
        batches += [order[at : at + batch_size].tolist() for at in range(0, n, batch_size)]
    return batches


def _with_replacement(n, batch_size, epochs, seed):
    rng = np.random.default_rng(seed)
    batches = []
    for _ in range(epochs):
        order = rng.integers(n, size=n)
        batches += [order[at : at + batch_size].tolist() for at in range(0, n, batch_size)]
    return batches


batches = FunctionQuestion(
    "batches",
    points=2,
    function="minibatches",
    reference=_minibatches,
    inputs=_batch_inputs,
    mistakes=(
        Mistake(
            "the same order in every epoch",
            _new_generator,
            "Every epoch repeats the first one's order: make the generator once, before the loop "
            "over the epochs.",
        ),
        Mistake(
            "the short last batch is dropped",
            _rest_dropped,
            "Where the batch size does not divide n, the last rows of each order are missing: "
            "look at how many batches your loop makes.",
        ),
        Mistake(
            "not shuffled",
            _not_shuffled,
            "The rows come in their stored order: draw `rng.permutation(n)` in each epoch.",
        ),
        Mistake(
            "NumPy's old generator",
            _old_generator,
            "`np.random.seed` and `RandomState` give other numbers for the same seed: use "
            "`np.random.default_rng(seed)`.",
        ),
        Mistake(
            "drawn with replacement",
            _with_replacement,
            "Some rows come twice in an epoch and others never: a permutation holds each row once.",
        ),
    ),
    hints=(
        "How many generators does one run need, and how many permutations?",
        "Inside the loop over the epochs: `order = rng.permutation(n)`. A slice that reaches past "
        "the end of an array stops at its end.",
        "The batches of one epoch are `order[at : at + batch_size]` for `at` in "
        "`range(0, n, batch_size)`.",
    ),
)

# Rounding or a mistake


def _first_split(a, b, roundings):
    eps = np.finfo(a.dtype).eps
    a, b = a.astype("float64"), b.astype("float64")
    beyond = np.abs(a - b) > roundings * eps * np.maximum(np.abs(a), np.abs(b))
    return int(np.argmax(beyond)) + 1 if beyond.any() else 0


def _split_inputs(rng):
    def pair(dtype, first, sign):
        """Two curves that part at step ``first``; afterwards, they sometimes meet again."""
        steps, roundings = 40, int(rng.integers(50, 100))
        a = 0.2 * np.exp(-np.arange(steps) / rng.uniform(10, 20)) + 0.01
        factor = rng.uniform(-0.2, 0.2, steps)
        far = rng.uniform(3, 5, steps) * rng.choice([-1, 1], steps)
        late = np.arange(1, steps + 1) >= first
        factor[late] = np.where(rng.random(steps) < 0.8, far, factor)[late]
        factor[first - 1 : first] = sign * np.abs(far[first - 1 : first])
        eps = float(np.finfo(dtype).eps)
        return a.astype(dtype), (a * (1 + factor * roundings * eps)).astype(dtype), roundings

    return {
        "float64": pair("float64", int(rng.integers(5, 20)), 1),
        "float32": pair("float32", int(rng.integers(5, 20)), -1),
        "parted from the start": pair("float64", 1, 1),
        "never": pair("float32", 41, 1),
    }


def _from_zero(a, b, roundings):
    eps = np.finfo(a.dtype).eps
    a, b = a.astype("float64"), b.astype("float64")
    beyond = np.abs(a - b) > roundings * eps * np.maximum(np.abs(a), np.abs(b))
    return int(np.argmax(beyond))


def _absolute_gap(a, b, roundings):
    beyond = np.abs(a - b) > roundings * np.finfo(a.dtype).eps
    return int(np.argmax(beyond)) + 1 if beyond.any() else 0


def _always_float64(a, b, roundings):
    eps = np.finfo("float64").eps
    a, b = a.astype("float64"), b.astype("float64")
    beyond = np.abs(a - b) > roundings * eps * np.maximum(np.abs(a), np.abs(b))
    return int(np.argmax(beyond)) + 1 if beyond.any() else 0


def _signed_gap(a, b, roundings):
    eps = np.finfo(a.dtype).eps
    a, b = a.astype("float64"), b.astype("float64")
    beyond = a - b > roundings * eps * np.maximum(np.abs(a), np.abs(b))
    return int(np.argmax(beyond)) + 1 if beyond.any() else 0


def _largest_gap(a, b, roundings):
    eps = np.finfo(a.dtype).eps
    a, b = a.astype("float64"), b.astype("float64")
    gap = np.abs(a - b) / np.maximum(np.abs(a), np.abs(b))
    return int(np.argmax(gap)) + 1 if (gap > roundings * eps).any() else 0


def _never_is_one(a, b, roundings):
    eps = np.finfo(a.dtype).eps
    a, b = a.astype("float64"), b.astype("float64")
    beyond = np.abs(a - b) > roundings * eps * np.maximum(np.abs(a), np.abs(b))
    return int(np.argmax(beyond)) + 1


split = FunctionQuestion(
    "split",
    points=2,
    function="first_split",
    reference=_first_split,
    inputs=_split_inputs,
    mistakes=(
        Mistake(
            "counted from zero",
            _from_zero,
            "Steps count from 1 here, and 0 says that the curves never part: look at what "
            "`argmax` gives for the first entry.",
        ),
        Mistake(
            "the absolute gap",
            _absolute_gap,
            "The losses are far below 1, so an absolute gap looks small: compare with the size of "
            "the larger loss of the step.",
        ),
        Mistake(
            "float64's epsilon for both precisions",
            _always_float64,
            "Curves in float32 part too early: take the epsilon of the curves' own dtype.",
        ),
        Mistake(
            "the sign of the gap counts",
            _signed_gap,
            "A gap counts in both directions: take the absolute value of a - b.",
        ),
        Mistake(
            "the largest gap, not the first",
            _largest_gap,
            "You report the step with the largest gap: look for the first one beyond the limit.",
        ),
        Mistake(
            "never is reported as step 1",
            _never_is_one,
            "`argmax` of an array without a single True is 0, as if the first entry were True: "
            "ask `any()` before.",
        ),
    ),
    hints=(
        "Which number says how finely the curves' precision can store a value near 1?",
        "`np.finfo(a.dtype).eps` is that number. `np.maximum` compares two arrays entry by entry.",
        "With `beyond` as an array of True and False, the first True stands at "
        "`np.argmax(beyond)`, counted from 0, but only if `beyond.any()`.",
    ),
)

# Three rules, one function


def _rmsprop_path(gradients, learning_rate, decay, epsilon, inside, start):
    theta = np.zeros(gradients.shape[1])
    s = np.full(gradients.shape[1], float(start))
    path = []
    for g in gradients:
        s = decay * s + (1 - decay) * g**2
        root = np.sqrt(s + epsilon) if inside else np.sqrt(s) + epsilon
        theta = theta - learning_rate * g / root
        path.append(theta)
    return np.array(path)


def _rmsprop_inputs(rng):
    g = rng.normal(size=(6, 4)) * 10.0 ** rng.uniform(-2, 0, 4)
    sparse = np.where(rng.random((7, 3)) < 0.4, 0.0, rng.normal(size=(7, 3)))
    sparse[0, 0] = 0.5
    return {
        "TensorFlow 1": (g, 0.01, 0.9, 1e-10, True, 1.0),
        "Keras": (g[::-1].copy(), 0.05, 0.9, 1e-7, True, 0.0),
        "PyTorch": (rng.normal(size=(5, 3)), 0.02, 0.99, 1e-8, False, 0.0),
        "a large epsilon inside": (sparse, 0.1, 0.8, 0.05, True, 0.0),
        "a large epsilon outside": (sparse, 0.1, 0.8, 0.05, False, 0.5),
    }


def _epsilon_inside(gradients, learning_rate, decay, epsilon, inside, start):  # noqa: ARG001
    theta = np.zeros(gradients.shape[1])
    s = np.full(gradients.shape[1], float(start))
    path = []
    for g in gradients:
        s = decay * s + (1 - decay) * g**2
        theta = theta - learning_rate * g / np.sqrt(s + epsilon)
        path.append(theta)
    return np.array(path)


def _epsilon_outside(gradients, learning_rate, decay, epsilon, inside, start):  # noqa: ARG001
    theta = np.zeros(gradients.shape[1])
    s = np.full(gradients.shape[1], float(start))
    path = []
    for g in gradients:
        s = decay * s + (1 - decay) * g**2
        theta = theta - learning_rate * g / (np.sqrt(s) + epsilon)
        path.append(theta)
    return np.array(path)


def _start_at_zero(gradients, learning_rate, decay, epsilon, inside, start):  # noqa: ARG001
    theta = np.zeros(gradients.shape[1])
    s = np.zeros(gradients.shape[1])
    path = []
    for g in gradients:
        s = decay * s + (1 - decay) * g**2
        root = np.sqrt(s + epsilon) if inside else np.sqrt(s) + epsilon
        theta = theta - learning_rate * g / root
        path.append(theta)
    return np.array(path)


def _decay_swapped(gradients, learning_rate, decay, epsilon, inside, start):
    theta = np.zeros(gradients.shape[1])
    s = np.full(gradients.shape[1], float(start))
    path = []
    for g in gradients:
        s = (1 - decay) * s + decay * g**2
        root = np.sqrt(s + epsilon) if inside else np.sqrt(s) + epsilon
        theta = theta - learning_rate * g / root
        path.append(theta)
    return np.array(path)


def _step_before_update(gradients, learning_rate, decay, epsilon, inside, start):
    theta = np.zeros(gradients.shape[1])
    s = np.full(gradients.shape[1], float(start))
    path = []
    for g in gradients:
        root = np.sqrt(s + epsilon) if inside else np.sqrt(s) + epsilon
        theta = theta - learning_rate * g / root
        s = decay * s + (1 - decay) * g**2
        path.append(theta)
    return np.array(path)


def _one_array_in_all_rows(gradients, learning_rate, decay, epsilon, inside, start):
    theta = np.zeros(gradients.shape[1])
    s = np.full(gradients.shape[1], float(start))
    path = []
    for g in gradients:
        s = decay * s + (1 - decay) * g**2
        root = np.sqrt(s + epsilon) if inside else np.sqrt(s) + epsilon
        theta -= learning_rate * g / root
        path.append(theta)
    return np.array(path)


def _uphill(gradients, learning_rate, decay, epsilon, inside, start):
    theta = np.zeros(gradients.shape[1])
    s = np.full(gradients.shape[1], float(start))
    path = []
    for g in gradients:
        s = decay * s + (1 - decay) * g**2
        root = np.sqrt(s + epsilon) if inside else np.sqrt(s) + epsilon
        theta = theta + learning_rate * g / root
        path.append(theta)
    return np.array(path)


rules = FunctionQuestion(
    "rules",
    points=2,
    function="rmsprop_path",
    reference=_rmsprop_path,
    inputs=_rmsprop_inputs,
    mistakes=(
        Mistake(
            "epsilon always inside the root",
            _epsilon_inside,
            "With `inside=False`, take the root of s first and add epsilon to the root.",
        ),
        Mistake(
            "epsilon always outside the root",
            _epsilon_outside,
            "With `inside=True`, add epsilon to s before you take the root.",
        ),
        Mistake(
            "s starts at zero",
            _start_at_zero,
            "The argument `start` is not used: fill s with it before the first step.",
        ),
        Mistake(
            "decay and 1 - decay swapped",
            _decay_swapped,
            "The decay is the share of the old s that stays; g² gets the rest, 1 - decay.",
        ),
        Mistake(
            "the step comes before s is updated",
            _step_before_update,
            "Each step must divide by the root of the new s: update s first.",
        ),
        Mistake(
            "one array in all rows",
            _one_array_in_all_rows,
            "All rows show the end of the path: an in-place `-=` changes the array that the list "
            "already holds, so make a new one or store a copy.",
        ),
        Mistake(
            "uphill",
            _uphill,
            "The parameters move along the gradient: gradient descent subtracts the step.",
        ),
    ),
    hints=(
        "Two arrays live through the whole loop: the parameters and s. What are they before the "
        "first gradient?",
        "In each step: first the new s, then its root with epsilon in the right place, then the "
        "new parameters.",
        "`root = np.sqrt(s + epsilon) if inside else np.sqrt(s) + epsilon`, then "
        "`theta = theta - learning_rate * g / root`.",
    ),
)

# One file, three frameworks


def _pack(tensors, order, metadata):
    """Write a safetensors file as a row of bytes, its header naming the arrays in ``order``."""
    places, content = {}, b""
    for name, array in tensors.items():
        data = array.astype(array.dtype.newbyteorder("<")).tobytes()
        dtype = {"float32": "F32", "float64": "F64"}[array.dtype.name]
        span = [len(content), len(content) + len(data)]
        places[name] = {"dtype": dtype, "shape": list(array.shape), "data_offsets": span}
        content += data
    header = {"__metadata__": metadata} if metadata else {}
    text = json.dumps(header | {name: places[name] for name in order}).encode()
    text += b" " * (-len(text) % 8)
    return np.frombuffer(len(text).to_bytes(8, "little") + text + content, dtype=np.uint8).copy()


def _read_weights(raw):
    content = raw.tobytes()
    start = 8 + int.from_bytes(content[:8], "little")
    weights = {}
    for name, entry in json.loads(content[8:start]).items():
        if name == "__metadata__":
            continue
        begin, end = entry["data_offsets"]
        values = np.frombuffer(
            content[start + begin : start + end], {"F32": "<f4", "F64": "<f8"}[entry["dtype"]]
        )
        weights[name] = values.reshape(entry["shape"])
    return weights


def _file_inputs(rng):
    def tensors(dtype):
        d, k = int(rng.integers(5, 8)), int(rng.integers(2, 5))
        shapes = {"encoder.0.weight": (d, k), "encoder.0.bias": (k,)}
        shapes |= {"decoder.0.weight": (k, d), "decoder.0.bias": (d,)}
        return {name: rng.normal(size=shape).astype(dtype) for name, shape in shapes.items()}

    single, double = tensors("float32"), tensors("float64")
    return {
        "float32": (_pack(single, sorted(single), None),),
        "float64 with metadata": (_pack(double, list(double)[::-1], {"format": "aecourse-1"}),),
    }


def _from_the_start_of_the_file(raw):
    import json

    content = raw.tobytes()
    start = 8 + int.from_bytes(content[:8], "little")
    weights = {}
    for name, entry in json.loads(content[8:start]).items():
        if name != "__metadata__":
            begin, end = entry["data_offsets"]
            dtype = {"F32": "<f4", "F64": "<f8"}[entry["dtype"]]
            weights[name] = np.frombuffer(content[begin:end], dtype).reshape(entry["shape"])
    return weights


def _flat(raw):
    import json

    content = raw.tobytes()
    start = 8 + int.from_bytes(content[:8], "little")
    weights = {}
    for name, entry in json.loads(content[8:start]).items():
        if name != "__metadata__":
            begin, end = entry["data_offsets"]
            dtype = {"F32": "<f4", "F64": "<f8"}[entry["dtype"]]
            weights[name] = np.frombuffer(content[start + begin : start + end], dtype)
    return weights


def _column_major(raw):
    import json

    content = raw.tobytes()
    start = 8 + int.from_bytes(content[:8], "little")
    weights = {}
    for name, entry in json.loads(content[8:start]).items():
        if name != "__metadata__":
            begin, end = entry["data_offsets"]
            dtype = {"F32": "<f4", "F64": "<f8"}[entry["dtype"]]
            values = np.frombuffer(content[start + begin : start + end], dtype)
            weights[name] = values.reshape(entry["shape"], order="F")
    return weights


def _in_the_order_of_the_header(raw):
    import json

    content = raw.tobytes()
    at = 8 + int.from_bytes(content[:8], "little")
    weights = {}
    for name, entry in json.loads(content[8:at]).items():
        if name != "__metadata__":
            begin, end = entry["data_offsets"]
            dtype = {"F32": "<f4", "F64": "<f8"}[entry["dtype"]]
            values = np.frombuffer(content[at : at + end - begin], dtype)
            weights[name] = values.reshape(entry["shape"])
            at += end - begin
    return weights


file = FunctionQuestion(
    "file",
    points=3,
    function="read_weights",
    reference=_read_weights,
    inputs=_file_inputs,
    mistakes=(
        Mistake(
            "offsets from the start of the file",
            _from_the_start_of_the_file,
            "`data_offsets` count from the first byte after the header: add 8 and the header's "
            "length.",
        ),
        Mistake(
            "the shape is not used",
            _flat,
            "Every array has one axis only: reshape it to the shape that its entry names.",
        ),
        Mistake(
            "column by column",
            _column_major,
            "The entries of a matrix lie row by row in the file, which is NumPy's own order: "
            "reshape without another order and without a transpose.",
        ),
        Mistake(
            "read in the order of the header",
            _in_the_order_of_the_header,
            "The header may name the arrays in any order: read each one at its own `data_offsets`.",
        ),
    ),
    hints=(
        "Three parts: eight bytes with a length, that many bytes of JSON, then the numbers. Where "
        "does the third part start?",
        '`int.from_bytes(content[:8], "little")` is the length. `json.loads` reads the header.',
        'For each entry except `"__metadata__"`: '
        "`np.frombuffer(content[start + begin : start + end], dtype)`, then `.reshape(shape)`.",
    ),
)

# An experiment that no bug survives


def _sigmoid(z):
    # The tangent has no exponential that could overflow.
    return 0.5 + 0.5 * np.tanh(z / 2)


def _network(x, W, b, V, c):
    return _sigmoid(_sigmoid(x @ W + b) @ V + c)


_BUGS = {
    "the encoder's weights transposed": lambda x, W, b, V, c: _network(x, W.T, b, V, c),
    "the decoder's weights transposed": lambda x, W, b, V, c: _network(x, W, b, V.T, c),
    "the two matrices swapped": lambda x, W, b, V, c: _network(x, V, b, W, c),
    "the encoder's bias forgotten": lambda x, W, b, V, c: _network(x, W, 0 * b, V, c),
    "the decoder's bias forgotten": lambda x, W, b, V, c: _network(x, W, b, V, 0 * c),
    "the two biases swapped": lambda x, W, b, V, c: _network(x, W, c, V, b),
    "no sigmoid on the code": lambda x, W, b, V, c: _sigmoid((x @ W + b) @ V + c),
    "the images in reverse order": lambda x, W, b, V, c: _network(x, W, b, V, c)[::-1],
}


def _verify_check(answer, n):
    wanted = {"x": (2, n), "W": (n, n), "b": (n,), "V": (n, n), "c": (n,)}
    if not isinstance(answer, dict):
        return "Give back a dictionary with the keys x, W, b, V and c."
    arrays = []
    for name, shape in wanted.items():
        if name not in answer:
            return f"The dictionary has no key {name}."
        try:
            array = np.asarray(answer[name], dtype="float64")
        except (TypeError, ValueError):
            return f"Expected {name} to be an array of numbers."
        if array.shape != shape:
            return f"Expected {name} of shape {shape}, got {array.shape}."
        # Written so that NaN, which no comparison accepts, is refused.
        if not np.all(np.abs(array) <= 10):
            return f"Expected the entries of {name} to lie between -10 and 10."
        arrays.append(array)
    right = _network(*arrays)
    for bug, wrong in _BUGS.items():
        other = wrong(*arrays)
        # Outputs may all be 0 when every sigmoid is saturated: then nothing shows.
        size = max(np.linalg.norm(right), np.linalg.norm(other), 1e-12)
        gap = np.linalg.norm(other - right) / size
        if gap < 0.001:
            return f"Your test misses this bug: {bug} (relative gap {gap:.1g}, wanted 0.001)."
    return None


def _design_check(n):
    rng = np.random.default_rng(0)
    return {
        "x": rng.random((2, n)),
        "W": rng.normal(size=(n, n)),
        "b": rng.normal(size=n),
        "V": rng.normal(size=(n, n)),
        "c": rng.normal(size=n),
    }


def _check_inputs(rng):
    small, large = int(rng.integers(3, 6)), int(rng.integers(8, 20))
    return {"small": (small,), "large": (large,)}


def _zero_biases(n):
    rng = np.random.default_rng(0)
    x, W, V = rng.random((2, n)), rng.normal(size=(n, n)), rng.normal(size=(n, n))
    return {"x": x, "W": W, "b": np.zeros(n), "V": V, "c": np.zeros(n)}


def _all_ones(n):
    return {
        "x": np.ones((2, n)),
        "W": np.ones((n, n)),
        "b": np.ones(n),
        "V": np.ones((n, n)),
        "c": np.ones(n),
    }


def _identity(n):
    rows = np.arange(2 * n).reshape(2, n) / (2 * n)
    return {
        "x": rows,
        "W": np.eye(n),
        "b": np.full(n, 0.5),
        "V": np.eye(n),
        "c": np.full(n, -0.5),
    }


def _zero_input(n):
    rng = np.random.default_rng(0)
    W, V = rng.normal(size=(n, n)), rng.normal(size=(n, n))
    return {
        "x": np.zeros((2, n)),
        "W": W,
        "b": rng.normal(size=n),
        "V": V,
        "c": rng.normal(size=n),
    }


design = PropertyQuestion(
    "design",
    points=3,
    function="design_check",
    inputs=_check_inputs,
    verify=_verify_check,
    solution=_design_check,
    mistakes=(
        Mistake(
            "biases of zero",
            _zero_biases,
            "With zero biases nobody can see a forgotten bias, and most networks start like "
            "that: choose other numbers.",
        ),
        Mistake(
            "all ones",
            _all_ones,
            "A matrix of ones is its own transpose, and both matrices are the same: choose "
            "numbers without any symmetry.",
        ),
        Mistake(
            "the identity as weights",
            _identity,
            "The identity is its own transpose, so a forgotten transpose stays hidden: choose "
            "numbers without any symmetry.",
        ),
        Mistake(
            "black images",
            _zero_input,
            "A zero input switches the encoder's weights off, so no bug in them can show: choose "
            "two different images.",
        ),
    ),
    hints=(
        "Go through the list of bugs. For each one, ask which numbers would make it invisible.",
        "Symmetric weights hide a transpose, equal ones hide a swap, zero biases hide a forgotten "
        "bias, equal images hide their order.",
        "Random numbers have none of these symmetries. Draw all five arrays from one generator, "
        "of size about 1 and of both signs, so that no sigmoid saturates.",
    ),
)

# In words

review = TextQuestion(
    "review",
    points=3,
    rubric=(
        "1: says why equal final losses prove little: different ways lead to similar ends, and 5 "
        "percent hides a wrong rule, a wrong epsilon or a missing bias",
        "1: compares from the inside out, on the same weights and the same batches: outputs, then "
        "gradients, then the first step, then many steps",
        "1: gives tolerances with a reason (precision, length of the sums, number of steps), and "
        "repeats in float64: rounding shrinks, a mistake stays",
    ),
)

QUESTIONS = (layout, batches, split, rules, file, design, review)
