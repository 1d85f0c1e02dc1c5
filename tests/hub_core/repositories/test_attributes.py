"""Which files go to LFS."""

from __future__ import annotations

import subprocess

from hub_core.repositories.attributes import LfsRules, default_rules


def test_the_last_matching_rule_counts():
    rules = LfsRules("*.bin filter=lfs\nsmall.bin !filter\n/data/** filter=lfs\n# *.txt filter=lfs\n")
    assert rules.matches("a/big.bin")
    assert not rules.matches("small.bin")
    assert rules.matches("data/deep/x.txt")
    assert not rules.matches("other/data/x.txt")
    assert not rules.matches("notes.txt")


def test_weights_and_data_go_to_lfs_by_default():
    rules = default_rules()
    assert all(rules.matches(path) for path in ("model.safetensors", "data/train-00000.parquet", "a/b/c.gguf"))
    assert not any(rules.matches(path) for path in ("README.md", "train.csv", "config.json", "parquet"))


def test_git_reads_an_added_rule_as_we_do(tmp_path):
    odd = "data/large [file] *.csv"
    (tmp_path / ".gitattributes").write_text(str(LfsRules("*.bin filter=lfs").with_path(odd)))
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    for path, expected in ((odd, "lfs"), ("data/large f file.csv", "unspecified"), ("x.bin", "lfs")):
        told = subprocess.run(["git", "-C", tmp_path, "check-attr", "filter", "--", path], check=True, capture_output=True, text=True)
        assert told.stdout.strip().endswith(expected), path
        assert LfsRules((tmp_path / ".gitattributes").read_text()).matches(path) is (expected == "lfs"), path
