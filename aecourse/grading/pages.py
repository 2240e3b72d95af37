"""Templates of the pages for students and instructors."""

__all__ = ["FEEDBACK", "SUMMARY"]

# The policy lets nothing load and nothing run; what a student wrote is escaped as well.
FEEDBACK = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" \
content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{{ result.exercise }}: feedback for {{ result.student }}</title>
<style>
:root { color-scheme: light dark; --line: #8c8c8c;
  --right: #116329; --wrong: #a40e26; --open: #6c4a00; }
@media (prefers-color-scheme: dark) {
  :root { --right: #6fdd8b; --wrong: #ff9aa2; --open: #f0c060; }
}
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 48rem; margin: 2rem auto; padding: 0 1rem; }
section { border: 1px solid var(--line); border-left-width: .4rem; border-radius: .3rem;
  margin: 1rem 0; padding: .2rem 1rem; }
h2 { font-size: 1.1rem; margin: .6rem 0; }
.right { border-left-color: var(--right); } .right .word { color: var(--right); }
.wrong { border-left-color: var(--wrong); } .wrong .word { color: var(--wrong); }
.open { border-left-color: var(--open); } .open .word { color: var(--open); }
.total { font-size: 1.4rem; font-weight: 600; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; margin: .6rem 0; }
th, td { border: 1px solid var(--line); padding: .2rem .6rem;
  text-align: left; vertical-align: top; }
td, p { overflow-wrap: anywhere; }
.value { font-family: ui-monospace, monospace; white-space: pre-wrap; }
</style>
</head>
<body>
<main>
<h1>{{ result.exercise }}</h1>
<p>Student: {{ result.student }}{% if result.submitted_at %} · handed in \
{{ result.submitted_at.strftime("%Y-%m-%d %H:%M") }} UTC{% endif %}</p>
{% if result.status == "not graded" -%}
<p class="total">Not graded, because {{ result.reason }}</p>
<p>This is no mark. Your instructor sees it too.</p>
{%- else -%}
<p class="total">{{ result.score|points }} of {{ result.points|points }} points\
{% if result.status == "needs a person" %} so far{% endif %}</p>
{%- if result.penalty > 0 %}
<p>Handed in late: {{ result.penalty|points }} points are taken off.</p>
{%- endif %}
{%- if result.status == "needs a person" %}
<p>Not final: {{ result.reason }}</p>
{%- endif %}
{%- endif %}
{% for item in items -%}
<section class="{{ item.kind }}">
<h2><span class="word"><span aria-hidden="true">{{ item.symbol }}</span> {{ item.word }}</span> · \
{{ item.question.name }} · \
{% if item.question.score is not none %}{{ item.question.score|points }} of {% endif -%}
{{ item.question.points|points }} points</h2>
{% if item.question.by_person -%}
<p>A person gave this mark.</p>
{% endif -%}
{% if item.question.comment -%}
<p>Comment: {{ item.question.comment }}</p>
{% endif -%}
{% if item.sentence -%}
<p>{{ item.sentence }}</p>
{% endif -%}
{% if item.cases -%}
<div class="scroll" tabindex="0" role="group" aria-label="cases of {{ item.question.name }}">
<table>
<thead><tr><th scope="col">case</th><th scope="col">result</th><th scope="col">expected</th>\
<th scope="col">obtained</th></tr></thead>
<tbody>
{% for case in item.cases -%}
<tr><th scope="row">{{ case.case }}</th><td>{{ "✓ right" if case.right else "✗ wrong" }}</td>\
<td class="value">{{ case.expected }}</td><td class="value">{{ case.obtained }}</td></tr>
{% endfor -%}
</tbody>
</table>
</div>
{% endif -%}
</section>
{% endfor -%}
</main>
</body>
</html>
"""

SUMMARY = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" \
content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Summary of the class</title>
<style>
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 56rem; margin: 2rem auto; padding: 0 1rem;
  background: #fff; color: #1b1b1b; }
table { border-collapse: collapse; margin: 1rem 0; }
th, td { border: 1px solid #8c8c8c; padding: .2rem .6rem; text-align: left; }
td { font-variant-numeric: tabular-nums; }
figure { margin: 1rem 0; } img { max-width: 100%; height: auto; }
</style>
</head>
<body>
<main>
<h1>Summary of the class</h1>
<p><strong>Difficulty</strong> is the mean share of a question's points that was earned: near 1 is
easy. <strong>Discrimination</strong> is the correlation of a question's marks with the sum of all
other questions' marks (corrected item-total correlation; Henrysson, 1963): near 0 or below, the
question does not tell strong from weak, and deserves a look.</p>
{% for found in statistics -%}
<h2>{{ found.exercise }}</h2>
<p>{{ found.graded }} graded, {{ found.waiting }} waiting for a person, {{ found.not_graded }} not
graded. Mean {{ found.mean|number(1) }}, median {{ found.median|number(1) }} of
{{ found.points|number(0) }} points\
{% if found.left_out %}, without {{ found.left_out|join(", ") }}, which wait for a person\
{% endif %}.</p>
{% if found.totals|length < few -%}
<p>With fewer than {{ few }} submissions, these numbers say little.</p>
{% endif -%}
<table>
<thead><tr><th scope="col">question</th><th scope="col">points</th><th scope="col">marks</th>\
<th scope="col">difficulty</th><th scope="col">discrimination</th></tr></thead>
<tbody>
{% for item in found.items -%}
<tr><th scope="row">{{ item.name }}</th><td>{{ item.points|number(0) }}</td>\
<td>{{ item.answers }}</td><td>{{ item.difficulty|number }}</td>\
<td>{{ item.discrimination|number }}</td></tr>
{% endfor -%}
</tbody>
</table>
<figure><img src="{{ plots[found.exercise]["scores"] }}" alt="Histogram: how many students earned \
how many points.">
<figcaption>How many students earned how many points.</figcaption></figure>
<figure><img src="{{ plots[found.exercise]["items"] }}" alt="Bars: difficulty and discrimination \
of each question, as in the table above.">
<figcaption>Difficulty and discrimination of each question.</figcaption></figure>
{% endfor -%}
</main>
</body>
</html>
"""
