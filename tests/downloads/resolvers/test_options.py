"""What is found in an environment and in a home folder."""

from pathlib import Path

from heygem.downloads.resolvers.logins import find_login
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


def test_logins_are_each_for_one_server(tmp_path: Path):
    netrc = tmp_path / ".netrc"
    netrc.write_text("machine nas.example login bob password b0b\ndefault login x password y\n", encoding="utf-8")
    netrc.chmod(0o600)
    named = "https://ann:p%40ss@disk.example:5244 nonsense https://[::1 https://nobody.example"
    logins = read_options({"HEYGEM_LOGINS": named}, tmp_path).logins

    def find(url: str, user: str = "") -> str:
        found = find_login(logins, url, user)
        return f"{found.user}:{found.password}" if found else ""

    assert len(logins) == 2
    assert find("https://disk.example:5244/x") == "ann:p@ss"
    assert find("https://nas.example/x", "bob") == find("http://nas.example:81/x") == "bob:b0b"
    assert find("https://disk.example/x") == find("http://disk.example:5244/x") == find("https://example/x") == ""
    assert find("https://nas.example/x", "ann") == ""
    assert "b0b" not in repr(logins) and "p@ss" not in repr(logins)


def test_an_endpoint_of_s3_is_found(tmp_path: Path):
    named = {"AWS_ENDPOINT_URL": "https://all.example", "AWS_ENDPOINT_URL_S3": "https://s3.example/"}
    assert read_options(named, tmp_path).s3_endpoint == "https://s3.example"


def test_nothing_secret_is_in_the_words_for_it(tmp_path: Path):
    assert "hf_named" not in repr(read_options({"HF_TOKEN": "hf_named"}, tmp_path))
