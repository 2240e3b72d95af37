"""The scoreboard's order, whoever measures."""

from aecourse import scoreboard


def test_a_fresh_line_stands_in_its_recorded_place():
    recorded = scoreboard.recorded_lines()
    first = recorded[0]
    board = scoreboard.add(
        chapter=first.chapter,
        method=first.method,
        code_size=first.code_size,
        test_error=2 * first.test_error,
        pca_error=first.pca_error,
    )
    same_chapter = [line.method for line in recorded if line.chapter == first.chapter]
    assert len(same_chapter) > 1
    assert [line.method for line in board.lines] == same_chapter
    assert board.lines[0] is board.fresh
