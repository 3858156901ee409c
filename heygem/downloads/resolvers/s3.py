"""S3 and what is compatible: `s3://bucket/key[?endpoint_url=…&region=…&versionId=…]`. Alone it knows botocore.

The link is a GET signed with the user's keys, good for a quarter of an hour; without keys, the public address.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from heygem.domain.model_errors import SourceError, SourceProblem
from heygem.domain.models import DownloadSource, ModelFile, find_host
from heygem.downloads.link import Link
from heygem.downloads.resolvers.address import read_query
from heygem.downloads.resolvers.asker import PROBLEMS, is_same_origin
from heygem.downloads.resolvers.options import ResolverOptions

SCHEME: Final = "s3://"
LASTS: Final = timedelta(minutes=15)
AMAZON: Final = ("amazonaws.com", "amazonaws.com.cn")
# They take no bucket in the path; others may have no name for each bucket.
BUCKET_IN_NAME: Final = (*AMAZON, "aliyuncs.com", "myqcloud.com", "volces.com")


@dataclass(frozen=True)
class S3Object:
    """`endpoint` and `region` are empty where the source does not name them."""

    bucket: str
    key: str
    endpoint: str = ""
    region: str = ""
    version: str = ""

    @property
    def parameters(self) -> dict[str, str]:
        version = {"VersionId": self.version} if self.version else {}
        return {"Bucket": self.bucket, "Key": self.key, **version}


class S3Resolver:
    """Keys sign requests to Amazon and to the endpoint of the user's own settings, never to one that only a source
    names: that is asked as anybody may.
    """

    def __init__(self, options: ResolverOptions) -> None:
        self._options = options
        self._lock = threading.Lock()
        self._clients: dict[tuple[str, str, str], Any] = {}

    def accepts(self, source: DownloadSource) -> bool:
        return source.url.startswith(SCHEME)

    def name(self, source: DownloadSource) -> str:
        found = parse_s3_address(source.url)
        return find_host((found and found.endpoint) or self._options.s3_endpoint) or "s3.amazonaws.com"

    def resolve(self, source: DownloadSource, wanted: ModelFile) -> Link:
        found = parse_s3_address(source.url)
        host = self.name(source)
        if found is None:
            raise SourceError(source=host, reason=SourceProblem.ADDRESS_INVALID)
        with _translated(host):
            client = self._get_client(found)
            expires_at = datetime.now(UTC) + LASTS
            size = int(client.head_object(**found.parameters)["ContentLength"])
            url = client.generate_presigned_url(
                "get_object", Params=found.parameters, ExpiresIn=int(LASTS.total_seconds())
            )
        if wanted.size_bytes not in (0, size):
            raise SourceError(source=host, reason=SourceProblem.FILE_DIFFERS)
        return Link(url, expires_at=expires_at if urlsplit(url).query else None, size_bytes=size)

    def _get_client(self, found: S3Object) -> Any:
        """botocore's clients may be used by several threads, yet made by one at a time."""
        endpoint = found.endpoint or self._options.s3_endpoint
        place = (endpoint, found.region or self._options.s3_region, _choose_style(found.bucket, endpoint))
        with self._lock:
            if place not in self._clients:
                self._clients[place] = self._build_client(*place)
            return self._clients[place]

    def _build_client(self, endpoint: str, region: str, style: str) -> Any:
        # Here, since it takes a third of a second and few have a bucket.
        import botocore.config
        import botocore.session

        session = botocore.session.Session(profile=self._options.s3_profile or None)
        if self._options.s3_credentials_file:
            session.set_config_variable("credentials_file", self._options.s3_credentials_file)
        is_signed = self._trusts(endpoint) and session.get_credentials() is not None
        config = botocore.config.Config(
            signature_version="s3v4" if is_signed else botocore.UNSIGNED,
            s3={"addressing_style": style},
            connect_timeout=self._options.connect_s,
            read_timeout=self._options.timeout_s,
            retries={"total_max_attempts": 2},
            response_checksum_validation="when_required",  # else it signs a header that no other program sends
        )
        return session.create_client("s3", region_name=region or None, endpoint_url=endpoint or None, config=config)

    def _trusts(self, endpoint: str) -> bool:
        own = self._options.s3_endpoint
        if not endpoint or (own and is_same_origin(endpoint, own)):
            return True
        return any(find_host(endpoint).endswith(f".{domain}") for domain in AMAZON)


def parse_s3_address(url: str) -> S3Object | None:
    parts = urlsplit(url)
    query = read_query(url)
    key = unquote(parts.path.removeprefix("/"))
    if not parts.netloc or not key or key.endswith("/"):
        return None
    endpoint = query.get("endpoint_url", "").rstrip("/")
    return S3Object(parts.netloc, key, endpoint, query.get("region", ""), query.get("versionId", ""))


def _choose_style(bucket: str, endpoint: str) -> str:
    """How the bucket is named, which botocore leaves to chance for signed links: with dots in it, certificates do not
    cover it as a part of a host's name.
    """
    is_named = not endpoint or find_host(endpoint).endswith(BUCKET_IN_NAME)
    return "virtual" if is_named and "." not in bucket else "path"


@contextmanager
def _translated(host: str) -> Iterator[None]:
    from botocore import exceptions

    try:
        yield
    except exceptions.ClientError as error:
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        problem = SourceProblem.BUSY if status >= 500 else PROBLEMS.get(status)
        if status == 400:  # the session of temporary keys is over, mostly
            problem = SourceProblem.FORBIDDEN
        raise SourceError(source=host, reason=problem or f"HTTP {status}") from error
    except (exceptions.ConnectTimeoutError, exceptions.ReadTimeoutError) as error:
        raise SourceError(source=host, reason=SourceProblem.TIMED_OUT) from error
    except (exceptions.ConnectionError, exceptions.HTTPClientError) as error:
        raise SourceError(source=host, reason=SourceProblem.UNREACHABLE) from error
    except (exceptions.ProfileNotFound, exceptions.NoCredentialsError, exceptions.PartialCredentialsError) as error:
        raise SourceError(source=host, reason=SourceProblem.LOGIN_NEEDED) from error
    except (exceptions.BotoCoreError, ValueError) as error:
        raise SourceError(source=host, reason=SourceProblem.ADDRESS_INVALID) from error
