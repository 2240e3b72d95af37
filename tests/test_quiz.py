"""The quizzes of the chapters, and the directive that shows them."""

import copy
import re
from pathlib import Path

import pytest
import quiz
import yaml

BOOK = Path(__file__).resolve().parents[1] / "book"
CHAPTERS = sorted(BOOK.glob("[!_]*/[0-9][0-9]_*.md"))
EXPLANATION = "An explanation of forty characters or more."
QUESTION = {
    "question": "Is $1 + 1 = 2$?",
    "answers": [
        {"wrong": "No", "because": EXPLANATION},
        {"right": "Yes", "because": EXPLANATION},
        {"wrong": "Only `sometimes`", "because": EXPLANATION},
    ],
}

each_chapter = pytest.mark.parametrize("page", CHAPTERS, ids=lambda page: page.stem)


def questions_of(page):
    return quiz.read_quiz(page.with_suffix(".quiz.yml"))


# The quizzes of the book


@each_chapter
def test_the_chapter_asks_its_own_quiz(page):
    name = page.with_suffix(".quiz.yml").name
    asked = re.search(r"^:::\{quiz\} (\S+)\n(.+?)^:::$", page.read_text("utf-8"), re.M | re.S)
    assert asked[1] == name
    number = {3: "Three", 4: "Four", 5: "Five"}[len(questions_of(page))]
    assert asked[2].startswith(f"{number} questions")
    assert f"/blob/main/book/{page.parent.name}/{name})" in asked[2]


@each_chapter
def test_neither_place_nor_length_gives_the_right_answer_away(page):
    questions = questions_of(page)
    places = [[a.right for a in question.answers].index(True) for question in questions]
    assert len(set(places)) >= 3, places
    longest = [max(question.answers, key=lambda a: len(a.text)) for question in questions]
    assert sum(answer.right for answer in longest) <= len(questions) / 2


@each_chapter
def test_no_text_stands_twice(page):
    answers = [answer for question in questions_of(page) for answer in question.answers]
    explanations = [answer.explanation for answer in answers]
    assert len(set(explanations)) == len(explanations)


def test_no_quiz_is_without_a_chapter():
    stored = {path for path in BOOK.rglob("*.quiz.yml") if "_build" not in path.parts}
    assert stored == {page.with_suffix(".quiz.yml") for page in CHAPTERS}


# What a quiz file may hold


def test_a_quiz_keeps_order_verdicts_and_explanations():
    first = quiz.parse_quiz([QUESTION] * 3, "example")[0]
    assert first.text == "Is $1 + 1 = 2$?"
    assert [answer.text for answer in first.answers] == ["No", "Yes", "Only `sometimes`"]
    assert [answer.right for answer in first.answers] == [False, True, False]
    assert {answer.explanation for answer in first.answers} == {EXPLANATION}


def no_quiz(change):
    """Give three good questions, the second of them changed."""
    questions = [copy.deepcopy(QUESTION) for _ in range(3)]
    change(questions[1])
    return questions


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (None, "q.yml: expected a list of 3 to 5 questions, got None"),
        ("text", "q.yml: expected a list of 3 to 5 questions, got 'text'"),
        ([QUESTION] * 2, "q.yml: expected a list of 3 to 5 questions, got 2 questions"),
        ([QUESTION] * 6, "q.yml: expected a list of 3 to 5 questions, got 6 questions"),
        (
            [QUESTION, QUESTION, "Is it?"],
            "q.yml, question 3: expected a mapping of 'answers' and 'question', got 'Is it?'",
        ),
        (
            no_quiz(lambda q: q.update(hint="Think.")),
            "q.yml, question 2: expected a mapping of 'answers' and 'question', "
            "got ['question', 'answers', 'hint']",
        ),
        (
            no_quiz(lambda q: q.update(question=" ")),
            "q.yml, question 2, question: expected 1 characters or more, got ' '",
        ),
        (
            no_quiz(lambda q: q["answers"].pop()),
            "q.yml, question 2: expected a list of 3 to 4 answers, got 2 answers",
        ),
        (
            no_quiz(lambda q: q["answers"].pop(1) and q["answers"].append(q["answers"][0])),
            "q.yml, question 2: expected a right answer and a wrong one, got 0 right ones",
        ),
        (
            no_quiz(lambda q: q["answers"][0].update(wrong=False)),
            "q.yml, question 2, answer 1, wrong: expected text, got False; put it in quotes",
        ),
        (
            no_quiz(lambda q: q["answers"][2].update(right="Yes")),
            "q.yml, question 2, answer 3: expected a mapping of 'because' and 'right' "
            "or 'because' and 'wrong', got ['wrong', 'because', 'right']",
        ),
        (
            no_quiz(lambda q: q["answers"][2].update(because="It is so.")),
            "q.yml, question 2, answer 3, because: expected 40 characters or more, got 'It is so.'",
        ),
    ],
)
def test_a_bad_quiz_says_where_what_came_and_what_was_expected(data, message):
    with pytest.raises(quiz.QuizError) as caught:
        quiz.parse_quiz(data, "q.yml")
    assert str(caught.value) == message


@pytest.mark.parametrize("content", [None, b"- question: [", b"\xff"])
def test_a_file_that_cannot_be_read_is_named(content, tmp_path):
    path = tmp_path / "q.yml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(quiz.QuizError, match=r"^q\.yml: expected a YAML file in UTF-8, got: "):
        quiz.read_quiz(path)


# The directive


def test_a_changed_quiz_changes_the_page(build_page):
    text = "# Page\n\n:::{quiz} q.yml\nText.\n:::\n"
    html = build_page(text, {"q.yml": yaml.safe_dump([QUESTION] * 3)}).html
    assert html.count("<details") == html.count("<summary") == 9
    assert "Text." not in html  # it is for readers of the notebook
    changed = yaml.safe_dump(no_quiz(lambda q: q.update(question="Is it *otherwise*?")))
    assert "Is it <em>otherwise</em>?" in build_page(text, {"q.yml": changed}).html


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (":::{quiz} q.yml\nText.\n:::", "q.yml: expected a list of 3 to 5 questions, got []"),
        (":::{quiz} none.yml\nText.\n:::", "none.yml: expected a YAML file in UTF-8, got: "),
        (":::{quiz} q.yml\n:::", 'Content block expected for the "quiz" directive; none found.'),
    ],
)
def test_the_build_reports_a_bad_quiz_with_its_page(text, message, build_page):
    errors = build_page(f"# Page\n\n{text}\n", {"q.yml": "[]"}).errors
    assert message in errors
    assert "index.md:3: ERROR" in errors
