import { useEffect, useState } from "react";
import { loadAbout } from "./api/about";
import type { User } from "./api/session";
import { BottomNav } from "./components/BottomNav";
import { HelpDialog } from "./components/HelpDialog";
import { NavRail } from "./components/NavRail";
import { PageBoundary } from "./components/PageBoundary";
import { Palette } from "./components/Palette";
import { frozen } from "./components/TimeRange";
import { TopBar } from "./components/TopBar";
import { startFleet } from "./live/fleet";
import { serverNow } from "./lib/clock";
import { navigate, useAddress } from "./lib/router";
import { readPath } from "./lib/routes";
import { stepRange } from "./lib/time";
import { useKeys } from "./lib/useKeys";
import { useRange } from "./lib/useRange";
import { useResource } from "./lib/useResource";
import { Page } from "./pages/Page";

/** The frame around every page of a signed-in reader, and the keys that work everywhere. */
export function App({ user }: { user: User }) {
  const address = useAddress();
  const route = readPath(address.split("?")[0] ?? "/");
  const about = useResource("about", 0, loadAbout);
  const [range, setRange] = useRange();
  const [open, setOpen] = useState<"palette" | "help" | null>(null);
  useEffect(startFleet, []);

  const openPalette = () => setOpen("palette");
  useKeys({
    ":": openPalette, "?": () => setOpen("help"),
    "g f": () => navigate("/"), "g a": () => navigate("/alerts"), "g e": () => navigate("/events"), "g n": () => navigate("/agents"),
    "g x": () => navigate("/explore"),
    "[": () => setRange(stepRange(range, -1, serverNow())), "]": () => setRange(stepRange(range, 1, serverNow())),
    "t a": () => setRange(frozen(range)),
  });
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (!(event.ctrlKey || event.metaKey) || event.key.toLowerCase() !== "k") return;
      event.preventDefault();
      setOpen("palette");
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, []);

  return (
    <>
      <a className="skip" href="#content">Skip to the content</a>
      <div className="frame">
        <NavRail route={route} user={user} about={about.data} />
        <div className="main">
          <TopBar route={route} user={user} openPalette={openPalette} />
          <main className="page" id="content" tabIndex={-1}><PageBoundary key={address.split("?")[0]}><Page route={route} user={user} /></PageBoundary></main>
        </div>
      </div>
      <BottomNav route={route} openPalette={openPalette} />
      {open === "palette" && <Palette close={() => setOpen(null)} address={address} />}
      {open === "help" && <HelpDialog close={() => setOpen(null)} />}
    </>
  );
}
