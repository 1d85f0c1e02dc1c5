from __future__ import annotations

import pytest

from hub_core.datasets.choosing import choose_data_file


@pytest.mark.parametrize(
    ("paths", "chosen"),
    [
        (["README.md", "iris.csv"], "iris.csv"),
        (["test.csv", "train.csv", "validation.csv"], "train.csv"),
        (["test.csv", "iris.csv"], "iris.csv"),
        (["data/test-00000-of-00001.parquet", "data/train-00001-of-00002.parquet", "data/train-00000-of-00002.parquet"],
         "data/train-00000-of-00002.parquet"),
        (["train-10.csv", "train-2.csv"], "train-2.csv"),
        (["iris.json", "iris.csv", "iris.parquet"], "iris.parquet"),
        (["raw/iris.csv", "data/iris.csv"], "data/iris.csv"),
        (["dataset_infos.json", "data.jsonl"], "data.jsonl"),
        (["en/train.parquet", "default/train.parquet"], "default/train.parquet"),
        (["train/0.csv", "test/0.csv"], "train/0.csv"),
        (["test/train_notes.json", "train/0.csv"], "train/0.csv"),
        (["DATA/Train.CSV", "DATA/Test.CSV"], "DATA/Train.CSV"),
        (["table.csv.gz", "archive.parquet.gz"], "table.csv.gz"),
        (["data-00000-of-00001.arrow", "dataset_info.json", "state.json"], "data-00000-of-00001.arrow"),
        ([".cache/train.csv", "node_modules/x/data.json", "package.json", "tokenizer_config.json", "model.safetensors.index.json"], None),
        (["README.md", "image.png"], None),
        ([], None),
    ],
)  # fmt: skip
def test_the_file_a_person_means(paths: list[str], chosen: str | None) -> None:
    assert choose_data_file([(path, 10) for path in paths]) == chosen
    assert choose_data_file([(path, 10) for path in reversed(paths)]) == chosen


def test_empty_files_are_no_data() -> None:
    assert choose_data_file([("train.csv", 0), ("test.csv", 5)]) == "test.csv"
