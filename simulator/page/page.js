"use strict";
// Looks again at the page that it stands on and replaces the parts that differ. It asks for the page itself, not for data,
// so that there is one rendering only; an answer of 304 says that nothing changed. What a person opened stays open.
(() => {
  const SHORTEST_PAUSE = 2000; // milliseconds
  const PAUSE_FOR_WORK = 20; // the tenant spends at most a twentieth of its time on this page, however large it is
  const stale = document.getElementById("stale");
  const parts = (root) => new Map([...root.querySelectorAll("[data-part]")].map((part) => [part.id, part]));
  const shown = new Map([...parts(document)].map(([id, part]) => [id, part.outerHTML])); // as the server sent them

  const replace = (old, fresh) => {
    const focused = old.contains(document.activeElement) && document.activeElement.closest("[id]").id;
    for (const each of old.querySelectorAll("details[id]")) {
      const same = fresh.querySelector(`#${CSS.escape(each.id)}`);
      if (same) same.open = each.open;
    }
    old.replaceWith(fresh);
    const again = focused && document.getElementById(focused);
    if (again) (again.querySelector("summary") ?? again).focus({ preventScroll: true });
  };

  const show = (text) => {
    const next = new DOMParser().parseFromString(text, "text/html");
    const [now, then] = [parts(document), parts(next)];
    if ([...now.keys()].join() !== [...then.keys()].join()) return location.reload();
    for (const [id, fresh] of then) {
      const html = fresh.outerHTML;
      if (shown.get(id) !== html) replace(now.get(id), fresh);
      shown.set(id, html);
    }
    document.body.dataset.version = next.body.dataset.version;
  };

  const look = async () => {
    const headers = { "If-None-Match": `"${document.body.dataset.version}"` };
    try {
      const answer = await fetch(location.href, { headers, cache: "no-store" });
      if (answer.status === 200) show(await answer.text());
      return answer.status === 200 || answer.status === 304;
    } catch {
      return false;
    }
  };

  const lookForEver = async () => {
    const began = performance.now();
    const answered = document.hidden || (await look());
    if (stale.hidden !== answered) {
      stale.hidden = answered;
      stale.textContent = answered ? "" : `No answer since ${new Date().toLocaleTimeString()}; what stands here is older.`;
    }
    setTimeout(lookForEver, Math.max(SHORTEST_PAUSE, PAUSE_FOR_WORK * (performance.now() - began)));
  };
  setTimeout(lookForEver, SHORTEST_PAUSE);
})();
