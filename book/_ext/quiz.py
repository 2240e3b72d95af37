"""The directive ``quiz``: questions from a data file, answered without JavaScript.

Each answer is a ``<details>`` element of its own. Opening it says whether it is right, and why. So
a reader can answer by mouse, finger or keyboard, and compare explanations side by side.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective
from sphinx.util.typing import ExtensionMetadata
from sphinx.writers.html5 import HTML5Translator

QUESTIONS = range(3, 6)
ANSWERS = range(3, 5)
SHORTEST_EXPLANATION = 40  # characters; less is a verdict, not an explanation
INTRODUCTION = "Decide first. Then open your answer: it says whether it is right, and why."


class QuizError(ValueError):
    """A quiz file does not hold what the course asks of one."""


@dataclass(frozen=True)
class Answer:
    """An answer to choose, the verdict on it, and the reason; texts are inline MyST Markdown."""

    text: str
    right: bool
    explanation: str


@dataclass(frozen=True)
class Question:
    """A question in inline MyST Markdown, and its answers in the order of the page."""

    text: str
    answers: tuple[Answer, ...]


def read_quiz(path: Path) -> list[Question]:
    """Read the questions of one chapter.

    Parameters
    ----------
    path
        A YAML file, see `parse_quiz`.

    Returns
    -------
    list of Question
        Three to five questions.

    Raises
    ------
    QuizError
        If the file cannot be read or breaks a rule of `parse_quiz`.
    """
    try:
        data = yaml.safe_load(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise QuizError(f"{path.name}: expected a YAML file in UTF-8, got: {error}") from error
    return parse_quiz(data, path.name)


def parse_quiz(data: object, source: str) -> list[Question]:
    """Check a quiz and give it types.

    Parameters
    ----------
    data
        A list of 3 to 5 questions. Each is a mapping of `question`, a text, and `answers`, a list
        of 3 or 4. Each of those is a mapping of `right` or `wrong`, the text of the answer, and
        `because`, the explanation. A question needs a right answer and a wrong one.
    source
        The name that an error gives to the data.

    Returns
    -------
    list of Question
        The questions in their order.

    Raises
    ------
    QuizError
        If the data is anything else. The message says where, what was expected and what came.

    Examples
    --------
    >>> why = "A single number per image cannot tell this apart, so it does not."
    >>> answers = [{"right": "Yes", "because": why}, *2 * [{"wrong": "No", "because": why}]]
    >>> quiz = parse_quiz(3 * [{"question": "Is it?", "answers": answers}], "example")
    >>> [answer.right for answer in quiz[0].answers]
    [True, False, False]
    """
    items = _list(data, source, "questions", QUESTIONS)
    return [_question(item, f"{source}, question {at}") for at, item in enumerate(items, 1)]


def _question(data: object, where: str) -> Question:
    fields = _mapping(data, where, [{"question", "answers"}])
    items = _list(fields["answers"], where, "answers", ANSWERS)
    answers = tuple(_answer(item, f"{where}, answer {at}") for at, item in enumerate(items, 1))
    right = sum(answer.right for answer in answers)
    if right in (0, len(answers)):
        raise QuizError(f"{where}: expected a right answer and a wrong one, got {right} right ones")
    return Question(_text(fields["question"], f"{where}, question"), answers)


def _answer(data: object, where: str) -> Answer:
    fields = _mapping(data, where, [{"right", "because"}, {"wrong", "because"}])
    verdict = "right" if "right" in fields else "wrong"
    explanation = _text(fields["because"], f"{where}, because", SHORTEST_EXPLANATION)
    return Answer(_text(fields[verdict], f"{where}, {verdict}"), verdict == "right", explanation)


def _list(data: object, where: str, items: str, sizes: range) -> list[Any]:
    if not isinstance(data, list) or len(data) not in sizes:
        expected = f"a list of {sizes[0]} to {sizes[-1]} {items}"
        came = f"{len(data)} {items}" if isinstance(data, list) and data else repr(data)
        raise QuizError(f"{where}: expected {expected}, got {came}")
    return data


def _mapping(data: object, where: str, shapes: Sequence[set[str]]) -> dict[str, Any]:
    if not isinstance(data, dict) or set(data) not in shapes:
        expected = " or ".join(" and ".join(f"'{key}'" for key in sorted(keys)) for keys in shapes)
        came = list(data) if isinstance(data, dict) else data
        raise QuizError(f"{where}: expected a mapping of {expected}, got {came!r}")
    return data


def _text(data: object, where: str, shortest: int = 1) -> str:
    if not isinstance(data, str):
        raise QuizError(f"{where}: expected text, got {data!r}; put it in quotes")
    if len(data.strip()) < shortest:
        raise QuizError(f"{where}: expected {shortest} characters or more, got {data!r}")
    return data.strip()


class quiz_answer(nodes.General, nodes.Element):  # noqa: N801
    """One answer that can be opened."""


class quiz_choice(nodes.General, nodes.TextElement):  # noqa: N801
    """The text of an answer, always visible."""


class Quiz(SphinxDirective):
    """Show the quiz of a data file; the body is for readers of the plain notebook."""

    required_arguments = 1
    has_content = True

    def run(self) -> list[nodes.Node]:
        """Give the nodes of the quiz.

        Returns
        -------
        list of docutils.nodes.Node
            One container.

        Raises
        ------
        docutils.parsers.rst.DirectiveError
            If the body is missing or the file is no quiz.
        """
        self.assert_has_content()
        relative, path = self.env.relfn2path(self.arguments[0])
        self.env.note_dependency(relative)
        try:
            questions = read_quiz(Path(path))
        except QuizError as error:
            raise self.error(str(error)) from error
        listed = nodes.enumerated_list("", *map(self._question, questions), enumtype="arabic")
        introduction = nodes.paragraph("", INTRODUCTION)
        return [nodes.container("", introduction, listed, classes=["quiz"])]

    def _question(self, question: Question) -> nodes.list_item:
        answers = nodes.enumerated_list("", enumtype="loweralpha")
        answers += [nodes.list_item("", self._answer(answer)) for answer in question.answers]
        return nodes.list_item("", nodes.paragraph("", "", *self._inline(question.text)), answers)

    def _answer(self, answer: Answer) -> quiz_answer:
        verdict = nodes.strong("", "Right." if answer.right else "Not quite.")
        return quiz_answer(
            "",
            quiz_choice("", "", *self._inline(answer.text)),
            nodes.paragraph("", "", verdict, nodes.Text(" "), *self._inline(answer.explanation)),
            classes=["right" if answer.right else "wrong"],
        )

    def _inline(self, text: str) -> list[nodes.Node]:
        parsed, messages = self.state.inline_text(text, self.lineno)
        return [*parsed, *messages]


def _open_answer(writer: HTML5Translator, node: quiz_answer) -> None:
    writer.body.append(writer.starttag(node, "details"))


def _close_answer(writer: HTML5Translator, _: quiz_answer) -> None:
    writer.body.append("</details>\n")


def _open_choice(writer: HTML5Translator, node: quiz_choice) -> None:
    writer.body.append(writer.starttag(node, "summary", ""))


def _close_choice(writer: HTML5Translator, _: quiz_choice) -> None:
    writer.body.append("</summary>\n")


def setup(app: Sphinx) -> ExtensionMetadata:
    """Register the directive with Sphinx.

    Parameters
    ----------
    app
        The Sphinx application.

    Returns
    -------
    sphinx.util.typing.ExtensionMetadata
        Reading and writing may run in parallel.
    """
    app.add_node(quiz_answer, html=(_open_answer, _close_answer))
    app.add_node(quiz_choice, html=(_open_choice, _close_choice))
    app.add_directive("quiz", Quiz)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
