"""No secret leaves: by name, by file, by value, by looks."""

from __future__ import annotations

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubtui.model.redact import MASK, Redactor, is_masked, live_values
from hubtui.model.redact_text import mask_text
from hubtui.model.secret_names import path_is_secret

CANARY = "kanarienvogel-1234"


@pytest.mark.parametrize(
    "path",
    [
        "hub/services/grader/apiToken",
        "hub/config/GitHubOAuthenticator/client_secret",
        "hub/config/CryptKeeper/keys/0",
        "hub/config/LTIAuthenticator/consumers/abc",
        "hub/config/KubeSpawner/environment/DB_PASS",
        "hub/cookieSecret",
        "hub/db/password",
        "hub/extraEnv/X_TOKEN",
        "hub/extraEnv/X_TOKEN/value",
        "proxy/secretToken",
        "imagePullSecret/password",
        "data/hub.config.CryptKeeper.keys",
        "data/.dockerconfigjson",
        "aws/secret_access_key",
        "tls.key",
        "spec/env/X_TOKEN/value",
    ],
)
def test_a_name_tells_a_secret(path: str) -> None:
    assert path_is_secret(path.split("/"))
    assert Redactor().mask(path.split("/"), CANARY) == MASK


@pytest.mark.parametrize(
    "path",
    [
        "metadata/name",
        "metadata/annotations/checksum~secret",
        "metadata/annotations/checksum~auth-token",
        "hub/existingSecret",
        "hub/config/GenericOAuthenticator/token_url",
        "hub/config/GenericOAuthenticator/client_id",
        "hub/config/JupyterHub/authenticator_class",
        "imagePullSecret/registry",
        "imagePullSecrets/0",
        "proxy/https/secret/name",
        "proxy/https/secret/key",
        "proxy/secretSync/image/tag",
        "spec/env/0/valueFrom/secretKeyRef/name",
        "spec/env/0/valueFrom/secretKeyRef/key",
        "spec/volumes/0/secret/secretName",
        "spec/tolerations/0/key",
        "spec/env/IMAGE/value",
    ],
)
def test_a_name_that_speaks_of_a_secret_is_none(path: str) -> None:
    names = [name.replace("~", "/") for name in path.split("/")]
    assert Redactor().mask(names, "harmless") == "harmless"


def test_what_is_no_text_of_a_secret_stays() -> None:
    values = {"automountServiceAccountToken": True, "password": None, "token": ""}
    assert Redactor().mask((), values) == values


def test_an_environment_entry_is_judged_by_its_name() -> None:
    env = [{"name": "X_TOKEN", "value": CANARY}, {"name": "PLAIN", "value": "shown"}]
    assert Redactor().mask(("env",), env) == [
        {"name": "X_TOKEN", "value": MASK},
        {"name": "PLAIN", "value": "shown"},
    ]


def test_sops_paths_are_masked_with_all_that_is_under_them() -> None:
    redactor = Redactor(sops=frozenset({("hub", "extra"), ("hub", "list", "0", "x")}))
    masked = redactor.mask((), {"hub": {"extra": {"a": "b", "c": 5}, "list": ["d"], "e": "f"}})
    assert masked == {"hub": {"extra": {"a": MASK, "c": MASK}, "list": [MASK], "e": "f"}}


def test_live_values_are_masked_wherever_they_stand() -> None:
    redactor = Redactor(live=frozenset({CANARY, "abcd", "hub", "true"}))
    assert redactor.mask(("a",), CANARY) == MASK
    assert redactor.mask(("a",), f"--with={CANARY}!") == f"--with={MASK}!"
    assert redactor.mask(("a",), "abcd") == MASK
    assert redactor.mask(("a",), "xabcdx") == "xabcdx"
    assert redactor.mask(("a",), "hub") == "hub"
    assert redactor.mask(("a",), "true") == "true"


def test_a_secrets_data_are_always_masked() -> None:
    body = {
        "kind": "Secret",
        "metadata": {
            "name": "a",
            "annotations": {"kubectl.kubernetes.io/last-applied-configuration": CANARY},
        },
        "data": {"harmless": CANARY, "empty": ""},
        "stringData": {"file": {"nested": CANARY}},
    }
    masked = Redactor().mask_object(body)
    assert CANARY not in json.dumps(masked)
    assert masked["metadata"]["name"] == "a"
    assert masked["data"] == {"harmless": MASK, "empty": ""}


def _b64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def test_live_values_come_from_the_secrets_of_a_namespace() -> None:
    found = live_values(
        "Opaque",
        {
            "plain": _b64(f"{CANARY}\n"),
            "keys": _b64("first-key-aaa;second-key-bb"),
            "values.yaml": _b64("hub: {cookieSecret: c00kie, baseUrl: /hub}\n"),
        },
    )
    assert {CANARY, "first-key-aaa", "second-key-bb", "c00kie"} <= found
    assert "/hub" not in found
    login = json.dumps({"auths": {"quay.io": {"username": "bot", "password": CANARY}}})
    docker = live_values("kubernetes.io/dockerconfigjson", {".dockerconfigjson": _b64(login)})
    assert docker == {CANARY}
    assert live_values("helm.sh/release.v1", {"release": _b64("x" * 99)}) == frozenset()
    assert live_values("kubernetes.io/service-account-token", {"namespace": _b64("hub")}) == set()
    assert live_values("Opaque", {"binary": "/w=="}) == {"/w=="}


TEXTS = [
    f'c.GitHub.client_secret = "{CANARY}"',
    f'os.environ["X_TOKEN"] = "{CANARY}"',
    f"user=x password={CANARY} z=1",
    f"helm --token {CANARY}",
    f'set("client_secret", "{CANARY}")',
    f"secret: |\n  {CANARY}\n",
    f"tokens:\n- {CANARY}\n- {CANARY}\n",
    f'"apiTokens": [\n  "{CANARY}"\n],',
    f"env:\n- name: X_TOKEN\n  value: {CANARY}\n",
    f"env: [{{name: X_TOKEN, value: {CANARY}}}]",
    f'c.secret = """\n{CANARY}\n"""',
    f"mysql://hub:{CANARY}@db/hub",
    f"Authorization: Bearer {CANARY}",
    f"-----BEGIN PRIVATE KEY-----\n{CANARY}\n-----END PRIVATE KEY-----",
    f"eyJhbGciOiJIUzI1NiJ9.eyJ{CANARY}.{CANARY}",
    f"c.CryptKeeper.keys = ['{CANARY}']",
    f"password: >-\n  {CANARY}\n  more\nnext: shown",
]


@pytest.mark.parametrize("text", TEXTS)
def test_text_loses_its_secrets_and_keeps_its_lines(text: str) -> None:
    masked = mask_text(f"before\n{text}\nafter: shown")
    assert CANARY not in masked
    assert masked.startswith("before\n")
    assert masked.endswith("after: shown")
    assert masked.count("\n") == text.count("\n") + 2


def test_a_key_that_does_not_end_is_masked_to_the_end() -> None:
    assert mask_text(f"a\n-----BEGIN PRIVATE KEY-----\n{CANARY}") == f"a\n{MASK}\n{MASK}"


@pytest.mark.parametrize(
    "text",
    [
        "c.JupyterHub.port = 8000",
        'auth_token = get_config("hub.config.ConfigurableHTTPProxy.auth_token")',
        "secretName: hub",
        "token_url: https://idp/token",
        "enable_auth_state = True",
        "- name: IMAGE\n  value: quay.io/uni",
        "https://hub.example.org:8443/hub",
    ],
)
def test_harmless_text_stays(text: str) -> None:
    assert mask_text(text) == text


@given(
    st.sampled_from(TEXTS),
    st.text("abc:= \n\"'-[]{}|#", max_size=60),
    st.text("abc:= \n\"'-[]{}|#", max_size=60),
)
def test_a_known_value_never_stays_whatever_stands_around_it(
    text: str, before: str, after: str
) -> None:
    whole = f"{before}{text}{after}"
    masked = Redactor(live=frozenset({CANARY})).mask_text(whole)
    assert CANARY not in masked
    assert masked.count("\n") == whole.count("\n")


LEAVES = (
    st.none() | st.booleans() | st.integers() | st.text("abc-. \n", max_size=8) | st.just(CANARY)
)
TREES = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["a", "name", "value", "token", "data", "x.y"]), inner)
    ),
    max_leaves=20,
)


@given(TREES)
def test_masking_keeps_the_shape_and_is_stable(tree: object) -> None:
    redactor = Redactor(live=frozenset({CANARY}))
    masked = redactor.mask((), tree)
    assert CANARY not in json.dumps(masked, ensure_ascii=False)
    assert redactor.mask((), masked) == masked
    assert _shape(masked) == _shape(tree)
    assert is_masked(masked) == (masked != tree)


def _shape(value: object) -> object:
    if isinstance(value, dict):
        return {key: _shape(item) for key, item in value.items()}
    return [_shape(item) for item in value] if isinstance(value, list) else None


def test_a_redactor_does_not_show_what_it_knows() -> None:
    assert CANARY not in repr(Redactor(live=frozenset({CANARY})))
