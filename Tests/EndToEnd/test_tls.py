"""etcd behind TLS that asks clients and peers for certificates; and what is said when they do not fit."""

import os

import pytest
from Tools.lab.certificates import Authority
from Tools.lab.etcd import EtcdCluster
from Tools.lab.installation import Agent, Aggregator
from Tools.lab.processes import await_true

AGENT, ETCD, NOBODY = (64102, 64101, 65534) if os.geteuid() == 0 else (None, None, None)


@pytest.fixture(scope="module")
def secured(stage):
    """(aggregator, cluster of three, its authority, folder)"""
    folder = stage / "world-tls"
    folder.mkdir(mode=0o755)
    authority = Authority(folder / "pki")
    cluster = EtcdCluster(folder / "etcd", stage / "etcd", ["etcd-1", "etcd-2", "etcd-3"], uid=ETCD, authority=authority)
    aggregator = Aggregator(folder / "aggregator", stage, uid=NOBODY, dashboard=stage / "dashboard")
    try:
        cluster.start()
        aggregator.start()
        yield aggregator, cluster, authority, folder
    finally:
        aggregator.stop()
        cluster.stop()


def start_agent(secured, stage, cluster, node, member, tls):
    aggregator, _, _, folder = secured
    agent = Agent(folder / f"agent-{node}", stage, aggregator, cluster, node, member,
                  client_url=member.client_url, uid=AGENT, interval="1s", tls=tls)
    agent.enrol()
    agent.start()
    return agent


def test_a_cluster_with_client_certificates_is_seen(secured, stage):
    aggregator, cluster, authority, _ = secured
    agents = []
    try:
        for member in cluster.members:
            certificate, key = authority.issue(f"agent-{member.name}", uid=AGENT)
            agents.append(start_agent(
                secured, stage, "secured", member.name, member, {"ca": authority.certificate, "cert": certificate, "key": key}))

        def healthy():
            status = {one["name"]: one["status"] for one in aggregator.api("/api/v1/clusters")["clusters"]}
            return status.get("secured") == "healthy"
        await_true("the cluster is healthy", healthy, 60)
        await_true("the metrics of all three", lambda: len(aggregator.query('up{job="etcd",cluster="secured"} == 1')) == 3)
        leader = await_true("a leader", cluster.leader)
        assert aggregator.api("/api/v1/clusters/secured")["leader"]["member"] == leader.name
    finally:
        for agent in agents:
            agent.stop()


def other_authority(authority, folder):
    certificate, key = authority.issue("agent-other", uid=AGENT)
    return {"ca": Authority(folder / "other-pki", "other").certificate, "cert": certificate, "key": key}


def expired_agent(authority, folder):
    certificate, key = authority.issue("agent-expired", days=-1, uid=AGENT)
    return {"ca": authority.certificate, "cert": certificate, "key": key}


def no_certificate(authority, folder):
    return {"ca": authority.certificate}


# The node names its cluster as well: each case is a cluster of its own on the aggregator.
@pytest.mark.parametrize("node, files, told, remedy", [
    ("wrong-ca", other_authority, "certificate", "tls.ca must hold the authority"),
    ("expired", expired_agent, "alert", "the member refuses the agent's certificate"),
    ("no-cert", no_certificate, "alert", "the member refuses the agent's certificate"),
])
def test_what_does_not_fit_is_told_with_what_to_do(secured, stage, node, files, told, remedy):
    aggregator, cluster, authority, folder = secured
    agent = start_agent(secured, stage, node, node, cluster.members[0], files(authority, folder))
    try:
        check_refusal(aggregator, node, told, remedy)
    finally:
        agent.stop()


def test_an_expired_certificate_of_the_member_is_told(secured, stage):
    aggregator, _, authority, folder = secured
    lone = EtcdCluster(folder / "expired-etcd", stage / "etcd", ["old"], uid=ETCD, authority=authority)
    member = lone.members[0]
    # It starts with the expired pair: etcd does not look at its own, and the lab does not wait for it to answer.
    member.pair = authority.issue("old", days=-1, uid=ETCD)
    member.start(lone.initial_cluster, lone.token)
    certificate, key = authority.issue("agent-old", uid=AGENT)
    agent = start_agent(secured, stage, "old-member", "old-member", member,
                        {"ca": authority.certificate, "cert": certificate, "key": key})
    try:
        check_refusal(aggregator, "old-member", "certificate has expired", "renew the member's certificate")
    finally:
        agent.stop()
        lone.stop()


def check_refusal(aggregator, cluster, told, remedy):
    """`up` is 0, the reason is TLS, and the member's row says what happened and what to do."""
    await_true("up is 0", lambda: aggregator.query(f'up{{job="etcd",cluster="{cluster}"}} == 0'), 60)
    [series] = await_true("a reason", lambda: aggregator.query(f'etcd_monitor_scrape_failure{{cluster="{cluster}"}} == 1'))
    assert series["metric"]["reason"] == "tls"
    [member] = await_true("the member", lambda: aggregator.api(f"/api/v1/clusters/{cluster}")["members"], 30)
    assert told in member["reason"] and remedy in member["reason"], member["reason"]
