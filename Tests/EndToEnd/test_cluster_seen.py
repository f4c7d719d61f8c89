"""Enrol three agents and see their cluster."""

import json

import pytest
from exposition import samples
from Tools.lab.processes import LabError, await_true


def test_the_cluster_is_seen_as_etcd_sees_itself(world):
    detail = world.aggregator.api("/api/v1/clusters/prod-eu")
    leader = await_true("a leader", world.etcd.leader)
    assert detail["leader"]["member"] == leader.name
    assert {member["name"] for member in detail["members"]} == {"etcd-1", "etcd-2", "etcd-3"}
    ids = {int(member.status()["header"]["member_id"]) for member in world.etcd.members}
    assert {int(member["id"], 16) for member in detail["members"]} == ids
    assert int(detail["etcdClusterID"], 16) == int(leader.status()["header"]["cluster_id"])
    assert detail["quorum"]["margin"] == 1


def test_etcd_series_carry_exactly_job_cluster_and_instance(world):
    [series] = world.aggregator.query('etcd_server_has_leader{cluster="prod-eu",instance=~"etcd-1:.*"}')
    assert set(series["metric"]) == {"__name__", "job", "cluster", "instance"}
    assert series["metric"]["job"] == "etcd"


def test_every_series_of_a_member_can_be_queried(world):
    member = world.etcd.members[0]
    port = world.proxies[member.name].port
    scraped = samples(world.proxies[member.name].bodies[-1][1])
    stored = world.aggregator.query(f'{{job="etcd",instance="{member.name}:{port}"}}')
    names = {series["metric"]["__name__"] for series in stored}
    assert {name for name, _ in scraped} <= names
    assert len(stored) >= len(scraped)


def test_the_host_is_measured_under_node_exporters_names(world):
    names = {series["metric"]["__name__"]
             for series in world.aggregator.query('{job="node",cluster="prod-eu",instance="etcd-1"}')}
    assert {"node_cpu_seconds_total", "node_memory_MemAvailable_bytes", "node_load1", "node_filesystem_avail_bytes",
            "node_network_receive_bytes_total", "node_timex_offset_seconds"} <= names


def test_a_token_is_good_for_one_agent(world):
    token = world.aggregator.make_enrolment_token("prod-eu")
    agent = world.installation.agents[0]
    with pytest.raises(LabError, match="etcd-1"):
        agent.enrol(token)  # the node is enrolled, and this token does not allow to replace it
    with pytest.raises(LabError):
        agent.enrol("emt_" + "A" * 43)


def test_who_is_not_signed_in_sees_nothing(world):
    for path in ("/api/v1/clusters", "/prometheus/api/v1/query?query=up", "/api/v1/audit", "/api/v1/stream"):
        status, headers, body = world.aggregator.request("GET", path)
        assert status == 401, path
        assert headers["Content-Type"].startswith("application/"), path


def test_a_viewer_cannot_change_anything(world):
    token = world.aggregator.make_api_token("curious", "viewer")
    for path, body in (("/api/v1/enrolment-tokens", {"cluster": "prod-eu"}),
                       ("/api/v1/users", {"name": "eve", "password": "correct horse", "role": "admin"})):
        status, _, content = world.aggregator.request(
            "POST", path, json.dumps(body),
            {"Authorization": f"Bearer {token}", "Content-Type": "application/json"})
        assert status == 403, (path, content)
        assert json.loads(content)["status"] == 403
