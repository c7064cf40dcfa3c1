"""The report of a check as JSON: its keys are a public interface, and its schema is generated from the types."""

import json

import jsonschema
from support.observing import answered, recorded, timed

from bench_models.check.report.document import as_json, schema
from bench_models.check.report.make import report_on


def test_report_follows_its_schema() -> None:
    """As another validator than ours reads it."""
    made = json.loads(as_json(report_on(recorded(timed(change=0.2), answered(lost=9, won=2)))))
    jsonschema.validate(made, schema())
    assert list(jsonschema.Draft202012Validator(schema()).iter_errors(made | {"more": 1}))


def test_keys_of_the_report_stay() -> None:
    """Whoever reads reports relies on them."""
    made = json.loads(as_json(report_on(recorded(answered(lost=9, won=2)))))
    assert " ".join(made) == (
        "schema_version sentence exit_status ending base head shard counts changes broken_modules changed_libraries "
        "python machines environments rewritten redescribed added suite_changes threads began wall_s timed_s "
        "error_budget"
    )
    (change,) = made["changes"]
    assert " ".join(change) == (
        "benchmark parameters unit better margin_pct verdict reason base head change_pct visible_pct pairs flips"
    )
    assert " ".join(change["flips"]) == "right_to_wrong wrong_to_right p_value lost won"
    assert " ".join(change["change_pct"]) == "value low high level"
    assert " ".join(made["error_budget"]) == "false_alarm accuracy_alarm false_calm looks_pairs"
    assert made["base"].keys() | {"uncommitted"} == made["head"].keys() == {"commit", "name", "uncommitted"}
