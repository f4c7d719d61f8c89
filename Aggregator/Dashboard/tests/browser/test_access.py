"""Sign-in and roles (A10 as far as there are write controls)."""
import pytest

pytestmark = pytest.mark.stub


def test_a_stranger_signs_in_where_the_link_pointed(open_page, server):
    server.tell("control", signedIn=False)
    page = open_page("/clusters/spine-prod?from=now-6h")
    page.get_by_label("User name").fill("ada")
    page.get_by_label("Password").fill("wrong")
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_selector("text=User name or password is wrong.")
    page.get_by_label("Password").fill("correct horse")
    page.keyboard.press("Enter")
    page.wait_for_selector(".verdict")
    assert page.url.endswith("/clusters/spine-prod?from=now-6h")


def test_a_stream_that_is_refused_for_want_of_a_session_leads_to_sign_in(open_page, server):
    page = open_page("/")
    page.wait_for_selector(".top .age:has-text('Live')")
    server.tell("control", signedIn=False)
    server.tell("drop")
    page.wait_for_selector("h1:has-text('Sign in')")


def test_a_session_that_ended_leads_to_sign_in(open_page, server):
    page = open_page("/agents")
    server.tell("control", signedIn=False)
    page.wait_for_selector("h1:has-text('Sign in')", timeout=10_000)
    assert page.url.endswith("/agents")


def test_signing_out_ends_the_session(open_page):
    page = open_page("/")
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_selector("h1:has-text('Sign in')")
    page.reload()
    page.wait_for_selector("h1:has-text('Sign in')")


@pytest.mark.parametrize("role", ["viewer", "operator"])
def test_only_an_admin_sees_the_form_for_tokens(open_page, server, role):
    server.tell("control", role=role)
    page = open_page("/agents")
    page.wait_for_selector("text=with a token that an admin makes")
    assert page.get_by_role("button", name="Make a token").count() == 0


def test_an_admin_makes_a_token_that_is_shown_once(open_page):
    page = open_page("/agents")
    page.get_by_label("Cluster", exact=True).fill("New Cluster")
    assert page.get_by_role("button", name="Make a token").is_disabled()
    page.get_by_label("Cluster", exact=True).fill("new-cluster")
    page.get_by_role("button", name="Make a token").click()
    page.wait_for_selector("text=emt_7Q4K9MZD2HXRexample")
    page.reload()
    page.wait_for_selector("text=Make a token")
    assert "emt_" not in page.content()
