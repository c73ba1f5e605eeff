/** What surrounds every page: navigation, the store's name, the token, the palette, notices. */

import { useEffect, useState } from "preact/hooks";
import { Link, Route, Router, Switch, useLocation } from "wouter-preact";
import { Empty } from "../parts/empty.tsx";
import { Page as PageHead } from "../parts/page.tsx";
import { caller, loadCaller } from "../store/rights.ts";
import { base, refusal, token } from "../store/store.ts";
import { Notices } from "./notices.tsx";
import { PAGES } from "./pages.ts";
import { Palette, isPaletteOpen } from "./palette.tsx";
import { StoreSwitch } from "./store-switch.tsx";
import { ThemeButton } from "./theme.tsx";
import { TokenDialog, isTokenAskedFor } from "./token-dialog.tsx";

export function Frame() {
  const secret = token.value;
  useEffect(() => {
    // Each page says itself what fails.
    loadCaller().catch(() => {});
  }, [secret]);
  return (
    <Router base={base}>
      <a class="skip" href="#main">
        Skip to the page
      </a>
      <Header />
      <main id="main" tabIndex={-1}>
        {refusal.value === undefined || token.value !== "" ? <Pages /> : null}
      </main>
      <Palette />
      <TokenDialog />
      <Notices />
    </Router>
  );
}

function Pages() {
  return (
    <Switch>
      {PAGES.map(({ path, page: Page }) => (
        <Route key={path} path={path === "/" ? "/" : `${path}/*?`}>
          <Page />
        </Route>
      ))}
      <Route>
        <PageHead title="No such page">
          <Empty title="The console has no page of this address">
            <p>
              <Link href="/">Go to the overview</Link>
            </p>
          </Empty>
        </PageHead>
      </Route>
    </Switch>
  );
}

function Header() {
  const [path] = useLocation();
  const [isOpen, setOpen] = useState(false);
  // A narrow screen shows the page that was chosen, not the menu.
  useEffect(() => setOpen(false), [path]);
  return (
    <header class="side">
      <div class="brand">
        <Link href="/" class="name">
          Headspring
        </Link>
        <button type="button" class="menu" aria-expanded={isOpen} aria-controls="navigation" onClick={() => setOpen(!isOpen)}>
          Menu
        </button>
      </div>
      <div id="navigation" class={isOpen ? "open" : ""}>
        <StoreSwitch />
        <button type="button" class="find" onClick={() => (isPaletteOpen.value = true)}>
          Find or go to <kbd>{/Mac/.test(navigator.platform) ? "⌘" : "Ctrl"} K</kbd>
        </button>
        <nav aria-label="Pages">
          {PAGES.map(({ path: its, title }) => (
            <Link
              key={its}
              href={its}
              aria-current={(its === "/" ? path === "/" : path === its || path.startsWith(`${its}/`)) ? "page" : undefined}
            >
              {title}
            </Link>
          ))}
        </nav>
        <div class="foot">
          <button type="button" class="plain" onClick={() => (isTokenAskedFor.value = true)}>
            {caller.value?.by ? `Token: ${caller.value.by}` : token.value === "" ? "No token" : "Token"}
          </button>
          <ThemeButton />
        </div>
      </div>
    </header>
  );
}
