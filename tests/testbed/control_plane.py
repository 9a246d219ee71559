"""The command lines of the control plane (testbed.md, "Starting it")."""

from pathlib import Path

import yaml

from tests.testbed import pki, users
from tests.testbed.build import Tools
from tests.testbed.processes import Part
from tests.testbed.site import Site

# A lost node shows after the grace time; KWOK renews a lease at a quarter of its duration.
_LEASE, _GRACE = 16, 14
# With 250 nodes the renewals would be the load, so a loaded testbed renews as seldom as kubelets.
_LEASE_LOADED, _GRACE_LOADED = 40, 50


def write_audit_policy(site: Site) -> Path:
    """Metadata of everything that people do: the log is the proof of read-only.

    The parts' own traffic stays out, so that the log is small and a test reads it fast.
    """
    ours = [user.apiserver_name for user in (*users.PARTS, *users.ACCOUNTS)]
    policy = {
        "apiVersion": "audit.k8s.io/v1",
        "kind": "Policy",
        "omitStages": ["RequestReceived"],
        "rules": [
            {"level": "None", "users": [*ours, "system:apiserver"]},
            {"level": "None", "userGroups": ["system:serviceaccounts:kube-system"]},
            {"level": "Metadata"},
        ],
    }
    path = site.file("audit-policy.yaml")
    path.write_text(yaml.safe_dump(policy))
    return path


def etcd(site: Site, tools: Tools) -> Part:
    """etcd on loopback; without fsync, since nothing here outlives the testbed."""
    client, peer = site.url("etcd", "http"), site.url("etcd-peer", "http")
    return _part(
        site,
        "etcd",
        tools.path("etcd", "etcd"),
        f"--data-dir={site.file('etcd')}",
        "--unsafe-no-fsync",
        f"--listen-client-urls={client}",
        f"--advertise-client-urls={client}",
        f"--listen-peer-urls={peer}",
        f"--initial-advertise-peer-urls={peer}",
        f"--initial-cluster=default={peer}",
        "--quota-backend-bytes=6442450944",
        "--log-level=warn",
    )


def apiserver(site: Site, tools: Tools, authority: pki.Authority) -> Part:
    """kube-apiserver: RBAC, tokens of a file, client certificates, an audit log."""
    certificate, key = authority.server("apiserver", ("kubernetes", "kubernetes.default.svc"))
    accounts = pki.service_account_key(site.file("pki", "service-accounts.key"))
    return _part(
        site,
        "apiserver",
        tools.path("kubernetes", "kube-apiserver"),
        f"--etcd-servers={site.url('etcd', 'http')}",
        f"--secure-port={site.port('apiserver')}",
        "--bind-address=127.0.0.1",
        f"--tls-cert-file={certificate}",
        f"--tls-private-key-file={key}",
        f"--client-ca-file={authority.certificate_file}",
        f"--cert-dir={site.file('pki')}",
        f"--service-account-key-file={accounts}",
        f"--service-account-signing-key-file={accounts}",
        "--service-account-issuer=https://kubernetes.default.svc",
        f"--token-auth-file={site.file('tokens.csv')}",
        "--authorization-mode=RBAC",
        f"--service-cluster-ip-range={site.service_cidr}",
        "--allow-privileged",
        f"--audit-policy-file={write_audit_policy(site)}",
        f"--audit-log-path={site.file('audit.log')}",
        "--kubelet-preferred-address-types=InternalIP",
        "--profiling=false",
    )


def controller_manager(site: Site, tools: Tools) -> Part:
    """kube-controller-manager; its host-path provisioner makes real folders of claims."""
    grace = _GRACE_LOADED if site.load else _GRACE
    return _part(
        site,
        "controller-manager",
        tools.path("kubernetes", "kube-controller-manager"),
        f"--kubeconfig={site.file('kubeconfigs', 'testbed-controller-manager.yaml')}",
        f"--service-account-private-key-file={site.file('pki', 'service-accounts.key')}",
        f"--root-ca-file={site.file('pki', 'ca.crt')}",
        "--use-service-account-credentials=true",
        "--leader-elect=false",
        "--enable-hostpath-provisioner",
        f"--node-monitor-grace-period={grace}s",
        "--node-monitor-period=2s",
        # Pod addresses are loopback ones here, and the apiserver refuses those in slices.
        "--controllers=*,-endpoints-controller,-endpointslice-controller",
        "--bind-address=127.0.0.1",
        f"--secure-port={site.port('controller-manager')}",
        f"--cert-dir={site.file('pki')}",
        "--profiling=false",
    )


def scheduler(site: Site, tools: Tools) -> Part:
    """The default kube-scheduler."""
    return _part(
        site,
        "scheduler",
        tools.path("kubernetes", "kube-scheduler"),
        f"--kubeconfig={site.file('kubeconfigs', 'testbed-scheduler.yaml')}",
        "--leader-elect=false",
        "--bind-address=127.0.0.1",
        f"--secure-port={site.port('scheduler')}",
        f"--cert-dir={site.file('pki')}",
    )


def user_scheduler(site: Site, tools: Tools, config: str) -> Part:
    """The user-scheduler: a kube-scheduler with the configuration of the chart's ConfigMap."""
    document = yaml.safe_load(config)
    document["leaderElection"] = {"leaderElect": False}
    kubeconfig = site.file("kubeconfigs", "sa-user-scheduler.yaml")
    document["clientConnection"] = {"kubeconfig": str(kubeconfig)}
    path = site.file("user-scheduler.yaml")
    path.write_text(yaml.safe_dump(document))
    return _part(
        site,
        "user-scheduler",
        tools.path("kubernetes", "kube-scheduler"),
        f"--config={path}",
        "--bind-address=127.0.0.1",
        f"--secure-port={site.port('user-scheduler')}",
        f"--cert-dir={site.file('pki')}",
        "--authentication-skip-lookup",
    )


def kwok(site: Site, tools: Tools, authority: pki.Authority, config: Path) -> Part:
    """KWOK, the kubelets of all nodes whose lease nobody else holds."""
    certificate, key = authority.server("kwok", ())
    address = f"127.0.0.1:{site.port('kwok')}"
    return _part(
        site,
        "kwok",
        tools.path("kwok", "kwok"),
        f"--kubeconfig={site.file('kubeconfigs', 'testbed-kwok.yaml')}",
        "--manage-all-nodes",
        f"--config={config}",
        "--node-ip=127.0.0.1",
        f"--node-port={site.port('kwok')}",
        f"--server-address={address}",
        f"--cidr={site.pod_cidr}",
        f"--node-lease-duration-seconds={_LEASE_LOADED if site.load else _LEASE}",
        f"--tls-cert-file={certificate}",
        f"--tls-private-key-file={key}",
    )


def _part(site: Site, name: str, program: Path, *flags: str) -> Part:
    env = {"HUBTUI_TESTBED": site.name}
    return Part(name, (str(program), *flags), site.log(name), env)
