"""The page in a real Chromium: what a person sees, by day and by night, on a phone, with a keyboard, and while it changes."""

import re
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any, Literal

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.support.browser import MISSING, is_required, running_browser
from tests.tenant import connected
from tests.tenant.client import TenantClient
from tools.set_up_browser import find_browser

Scheme = Literal["light", "dark"]
Open = Callable[..., Page]

SOON = 60_000
"""Milliseconds for the page to look again by itself: two seconds, or twenty times as long as drawing it took, on a busy machine."""

WEAK_CONTRASTS = """() => {
  const numbers = (text) => (text.match(/[\\d.]+/g) ?? []).map(Number);
  const light = ([r, g, b]) => {
    const parts = [r, g, b].map((v) => v / 255).map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2];
  };
  const grounds = (element) => {
    for (let each = element; each; each = each.parentElement) {
      const style = getComputedStyle(each);
      const stripes = style.backgroundImage.match(/rgba?\\([^)]*\\)/g);
      if (stripes) return stripes.map(numbers);
      const ground = numbers(style.backgroundColor);
      if (ground.length === 3) return [ground];
      if (ground[3] !== 0) throw new Error(`half-transparent ground: ${style.backgroundColor}`);
    }
    throw new Error("no ground");
  };
  const found = [];
  let looked = 0;
  for (const element of document.body.querySelectorAll("*")) {
    const own = [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim());
    if (!own || !element.checkVisibility() || element.matches("script, style")) continue;
    looked += 1;
    const ink = numbers(getComputedStyle(element).color);
    for (const ground of grounds(element)) {
      const [dark, bright] = [light(ink), light(ground)].sort((a, b) => a - b);
      const ratio = (bright + 0.05) / (dark + 0.05);
      if (ratio < 4.5) found.push(`${element.className || element.tagName} ${element.textContent.trim()}: ${ratio.toFixed(2)}`);
    }
  }
  return { found, looked };
}"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One browser for this module; without one the tests are skipped, and fail under CI."""
    program = find_browser()
    if program is None:
        if is_required():
            pytest.fail(MISSING)
        pytest.skip(MISSING)
    with running_browser(program) as running:
        yield running


@pytest.fixture
def open_page(browser: Browser, tenant: TenantClient) -> Iterator[Open]:
    """Open the page; at the end nothing was complained of, nothing left this machine, and no cookie was set."""
    complaints: list[str] = []
    addresses: list[str] = []
    contexts = []

    def open_(path: str = "/", *, quiet: bool = True, **options: Any) -> Page:
        context = browser.new_context(**{"viewport": {"width": 1200, "height": 900}, **options})
        contexts.append(context)
        page = context.new_page()
        if quiet:
            page.on("console", lambda message: complaints.append(message.text))
            page.on("pageerror", lambda error: complaints.append(str(error)))
            page.on("dialog", lambda dialog: complaints.append(dialog.message))
        page.on("request", lambda request: addresses.append(request.url))
        page.goto(path if "://" in path else tenant.server.control_url + path)
        return page

    yield open_
    cookies = [cookie for context in contexts for cookie in context.cookies()]
    for context in contexts:
        context.close()
    assert complaints == []
    assert cookies == []
    assert addresses
    ours = (tenant.server.control_url, tenant.server.url, "data:")
    assert [address for address in addresses if not address.startswith(ours)] == []


@pytest.fixture
def roomz(tenant: TenantClient) -> dict[str, Any]:
    """A connected application, with meetings in the rooms."""
    application = connected.connect(tenant)
    connected.meet(tenant)
    return application


def shown_at(page: Page, room: str) -> list[str]:
    """What the door display of a room shows, line by line."""
    place = page.locator(".doors > li").filter(has=page.get_by_role("heading", name=room, exact=True))
    return [text.strip() for text in place.get_by_role("group").locator("p").all_inner_texts()]


def test_it_shows_what_the_tenant_holds(open_page: Open, roomz: dict[str, Any]) -> None:
    page = open_page()
    expect(page.get_by_role("heading", level=1)).to_have_text("Alpenblick AG")
    expect(page.locator("#summary h2")).to_contain_text("all 25 rooms are in reach, and nothing else is")
    assert shown_at(page, "Room Eiger") == ["Quarterly review", "09:00 – 10:30", "Anna Keller", "10:30 Supplier audit"]
    assert shown_at(page, "Room Jungfrau") == ["Reserved", "09:30 – 11:00", "Free from 11:00"]
    assert shown_at(page, "Room Moench") == ["Free until 10:00", "10:00 Stand-up railways"]
    assert shown_at(page, "Room Gurten") == ["Free", "for the rest of the day"]
    applications = page.locator("#applications")
    for text in ("ROOMZGraph", roomz["appId"], roomz["keyId"], connected.MARK, "728 days left", "Calendars.ReadWrite"):
        expect(applications).to_contain_text(text)
    expect(applications).to_contain_text("Deployment pipeline")
    row = page.locator("#restriction tr").filter(has_text="ROOMZGraph")
    expect(row).to_contain_text("RestrictAccess")
    expect(row).to_contain_text("RoomzResources, 25 members")
    expect(page.locator("#groups .members").first.locator("li")).to_have_count(25)
    expect(page.locator("#others tbody tr").first).to_contain_text("Control Mailbox")
    expect(page.locator("#others tbody tr").first).to_contain_text("refused")


def test_where_titles_are_not_kept_the_organizers_name_is_at_the_door(open_page: Open, tenant: TenantClient) -> None:
    connected.connect(tenant, with_titles=False)
    connected.meet(tenant)
    page = open_page()
    assert shown_at(page, "Room Eiger") == ["Anna Keller", "09:00 – 10:30", "10:30 Beat Zbinden"]
    # Their private mark is gone as well: whoever looks at the door knows that Greta Lüthi is within.
    assert shown_at(page, "Room Jungfrau")[0] == "Greta Lüthi"
    expect(page.locator("#rooms-attention li").filter(has_text="Room Eiger").first).to_contain_text("titles not kept")
    for title in ("Quarterly review", "Salary talks"):
        expect(page.locator("body")).not_to_contain_text(title)


def test_the_https_address_leads_a_browser_to_the_page(open_page: Open, tenant: TenantClient) -> None:
    page = open_page(f"{tenant.server.url}/", ignore_https_errors=True)
    assert page.url == f"{tenant.server.control_url}/"
    expect(page.get_by_role("heading", level=1)).to_have_text("Alpenblick AG")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_can_be_read_by_day_and_by_night(
    open_page: Open, roomz: dict[str, Any], tenant: TenantClient, scheme: Scheme
) -> None:
    # Something of every state: a secret that ends soon, a room out of reach, a person in reach, titles that are not kept.
    application = f"/applications/{roomz['id']}"
    soon = {"passwordCredential": {"displayName": "soon", "endDateTime": "2025-10-24T00:00:00Z"}}
    assert tenant.graph("POST", f"{application}/addPassword", soon).status_code == 200
    bypass = {"Identity": roomz["group"]["Guid"], "BypassSecurityGroupManagerCheck": True, "Confirm": False}
    tenant.rows("Remove-DistributionGroupMember", {**bypass, "Member": "room-eiger"})
    tenant.rows("Add-DistributionGroupMember", {**bypass, "Member": "anna.keller"})
    page = open_page(color_scheme=scheme)
    for state in ("good", "off", "wait", "bad"):
        assert page.locator(f".badge.{state}").count() > 0, state
    for state in ("free", "occupied", "unconnected"):
        assert page.locator(f".door.{state}").count() > 0, state
    page.evaluate("document.querySelectorAll('details').forEach((each) => (each.open = true))")
    contrasts = page.evaluate(WEAK_CONTRASTS)
    assert contrasts["found"] == []
    assert contrasts["looked"] > 200
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (int(re.findall(r"\d+", ground)[0]) < 128) == (scheme == "dark")


def test_a_change_appears_by_itself_and_leaves_the_rest_as_it_was(
    open_page: Open, roomz: dict[str, Any], tenant: TenantClient
) -> None:
    page = open_page()
    page.evaluate("window.unchanged = document.querySelector('#groups')")
    page.locator("#other-applications summary").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#other-applications")).to_have_attribute("open", "")
    page.evaluate("window.scrollTo(0, 400)")
    tenant.make_application("Lift control")
    expect(page.locator("#applications")).to_contain_text("Lift control", timeout=SOON)
    expect(page.locator("#other-applications")).to_have_attribute("open", "")
    assert page.evaluate("document.activeElement.closest('details').id") == "other-applications"
    assert page.evaluate("window.unchanged.isConnected"), "a part that did not change was drawn anew"
    assert page.evaluate("window.scrollY") == 400
    # A meeting that ends leaves the door without anybody touching the page.
    tenant.advance(60 * 60)
    expect(page.locator("#top .hour")).to_have_text("10:40", timeout=SOON)
    expect(page.locator(".doors li").filter(has_text="Room Eiger")).to_contain_text("Supplier audit", timeout=SOON)


def test_a_tenant_that_does_not_answer_is_said_and_forgotten_again(open_page: Open) -> None:
    page = open_page(quiet=False)  # Chromium itself complains of an address that does not answer

    def cut(route: Route) -> None:
        route.abort()

    expect(page.locator("#stale")).to_be_hidden()
    page.route("**/*", cut)
    expect(page.locator("#stale")).to_contain_text("No answer since", timeout=SOON)
    page.unroute("**/*", cut)
    expect(page.locator("#stale")).to_be_hidden(timeout=SOON)


def test_a_second_tenant_turns_the_root_into_a_list(open_page: Open, tenant: TenantClient) -> None:
    page = open_page()
    tenant.control("POST", "/tenants", {"domain": "b.example", "name": "Bergsicht AG", "rooms": 3})
    expect(page.locator("#tenants")).to_contain_text("Bergsicht AG", timeout=SOON)
    page.get_by_role("link", name="Bergsicht AG").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Bergsicht AG")
    page.get_by_role("link", name="All tenants").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Tenants")


def test_without_javascript_it_is_whole(open_page: Open, roomz: dict[str, Any]) -> None:
    page = open_page(java_script_enabled=False)
    assert shown_at(page, "Room Eiger")[0] == "Quarterly review"
    expect(page.locator("meta[http-equiv=refresh]")).to_have_attribute("content", "30")


def test_no_secret_is_in_the_document(open_page: Open, roomz: dict[str, Any], tenant: TenantClient) -> None:
    document = open_page().evaluate("document.documentElement.outerHTML")
    assert roomz["keyId"] in document
    for secret in (tenant.administrator["clientSecret"], roomz["secret"]):
        assert secret not in document


@pytest.mark.parametrize("width", [320, 360])
def test_a_phone_scrolls_in_one_direction_only(
    open_page: Open, roomz: dict[str, Any], tenant: TenantClient, width: int
) -> None:
    tenant.make_application("Averylongnamewithoutanyblanks" * 4, notes="roomz:averylongprojectname/averylongstackname")
    page = open_page(viewport={"width": width, "height": 700})
    page.evaluate("document.querySelectorAll('details').forEach((each) => (each.open = true))")
    assert page.evaluate("document.documentElement.scrollWidth") == width
    wide = "[...document.querySelectorAll('main *, header *')].filter((e) => e.getBoundingClientRect().right > innerWidth + 1)"
    assert page.evaluate(f"{wide}.map((e) => e.outerHTML.slice(0, 80))") == []


def test_what_assistive_technology_needs_is_there(open_page: Open, roomz: dict[str, Any]) -> None:
    page = open_page()
    levels = page.evaluate("[...document.querySelectorAll('h1, h2, h3, h4, h5, h6')].map((e) => Number(e.tagName[1]))")
    assert levels.count(1) == 1
    assert [(above, below) for above, below in pairwise(levels) if below > above + 1] == []
    assert page.evaluate("document.documentElement.lang") == "en"
    assert page.title() == "Alpenblick AG"
    ids = page.evaluate("[...document.querySelectorAll('[id]')].map((e) => e.id)")
    assert len(ids) == len(set(ids))
    tables = page.evaluate(
        """[...document.querySelectorAll('table')].map((table) => ({
          name: table.caption?.textContent.trim(),
          loose: [...table.querySelectorAll('th')].filter((th) => !['col', 'row'].includes(th.scope)).length,
          columns: new Set([...table.rows].map((row) => row.cells.length)).size,
        }))"""
    )
    assert len(tables) >= 6
    assert all(table["name"] and table["loose"] == 0 and table["columns"] == 1 for table in tables)
    assert len({table["name"] for table in tables}) == len(tables)
    bare = "[...document.querySelectorAll('.badge')].filter((e) => !e.textContent.replace(e.querySelector('.sign').textContent, '').trim())"
    assert page.evaluate(f"{bare}.length") == 0
    assert page.evaluate(
        "[...document.querySelectorAll('section')].every((e) => document.getElementById(e.getAttribute('aria-labelledby')))"
    )
    for landmark in ("banner", "main", "contentinfo"):
        assert page.get_by_role(landmark).count() == 1, landmark


def test_a_thousand_rooms_are_quick_and_each_can_be_found(open_page: Open, tenant: TenantClient) -> None:
    tenant.control("POST", "/seed", {"rooms": 1000})
    page = open_page()
    assert page.evaluate("performance.getEntriesByType('navigation')[0].domContentLoadedEventEnd") < 3000
    assert page.locator("main *").count() < 6000
    page.get_by_label("Rooms and mailboxes").fill("room-00777")
    page.keyboard.press("Enter")
    expect(page.locator("#rooms h4")).to_have_text(["Room 00777"])
    page.get_by_role("link", name="Show all").click()
    expect(page.locator("#rooms h2")).to_contain_text("1,000")
