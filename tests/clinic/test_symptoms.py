"""The index of symptoms is shown whole, in the current language, and safely."""

from __future__ import annotations

from course_lib.clinic.symptoms import read_symptoms, symptom_table, symptoms_of
from course_lib.language import use

ROW = {
    "en": "Loss < 0",
    "zh": "损失小于零",
    "causes": [
        {"en": "A sign", "zh": "符号", "test_en": "Look.", "test_zh": "看。", "shown": ["17.3"]}
    ],
}


def test_the_courses_index_has_a_test_and_a_place_for_every_cause():
    symptoms = read_symptoms()
    causes = [cause for symptom in symptoms for cause in symptom.causes]
    assert len(symptoms) >= 10 and len(causes) > 2 * len(symptoms) - 5
    assert all(cause.places and cause.test["en"] and cause.test["zh"] for cause in causes)


def test_the_table_speaks_both_languages_and_escapes():
    symptoms = symptoms_of([ROW])
    use("en")
    assert "Loss &lt; 0" in symptom_table(symptoms)
    assert "exercise 17.3" in symptom_table(symptoms)
    use("zh")
    try:
        shown = symptom_table(symptoms, link=lambda place: f"<a>{place}</a>")
    finally:
        use("en")
    assert "损失小于零" in shown and "<a>17.3</a>" in shown and "Look" not in shown
