"""What is found in an environment and in a home folder."""

from pathlib import Path

from heygem.downloads.resolvers.options import HUGGING_FACE, read_options


def test_nothing_is_needed(tmp_path: Path):
    options = read_options({}, tmp_path)
    assert (options.hf_endpoint, options.hf_token) == (HUGGING_FACE, "")


def test_the_hubs_token_comes_from_the_environment_or_from_its_tools_file(tmp_path: Path):
    folder = tmp_path / ".cache" / "huggingface"
    folder.mkdir(parents=True)
    (folder / "token").write_text("hf_file\n", encoding="utf-8")
    assert read_options({}, tmp_path).hf_token == "hf_file"
    assert read_options({"HF_TOKEN": " hf_named\n"}, tmp_path).hf_token == "hf_named"
    assert read_options({"HF_HOME": str(tmp_path)}, tmp_path).hf_token == ""


def test_an_endpoint_is_taken_as_it_is_written(tmp_path: Path):
    assert read_options({"HF_ENDPOINT": "https://hf-mirror.com/"}, tmp_path).hf_endpoint == "https://hf-mirror.com"


def test_tokens_and_domains_of_the_other_services(tmp_path: Path):
    named = {"MODELSCOPE_DOMAIN": "www.modelscope.ai", "MODELSCOPE_API_TOKEN": "ms_1", "GH_TOKEN": "ghp_1"}
    options = read_options(named, tmp_path)
    assert options.modelscope_endpoint == "https://www.modelscope.ai"
    assert (options.modelscope_token, options.github_token) == ("ms_1", "ghp_1")


def test_nothing_secret_is_in_the_words_for_it(tmp_path: Path):
    assert "hf_named" not in repr(read_options({"HF_TOKEN": "hf_named"}, tmp_path))
