/** What every page loads: styles, htmx, and the small behaviours that need no island of their own. */
import "./styles/main.css";
import htmx from "htmx.org";
import { startConfirmations } from "./confirm";
import { startConnection } from "./connection";
import { startCopyButtons } from "./copy";
import { startDateTimes } from "./datetimes";
import { startForms } from "./forms";
import { mountIslands, watchLive } from "./islands";
import { startMenus } from "./menus";
import { startRequests } from "./requests";
import { startThemeSwitch } from "./theme";
import { startToasts } from "./toasts";

startRequests();
startConnection();
startToasts();
startMenus();
startThemeSwitch();
startCopyButtons();
startConfirmations();
startForms();
startDateTimes(document);
mountIslands(document);
watchLive(document);
htmx.onLoad((element) => {
  if (element === document.body) return;
  mountIslands(element as Element);
  watchLive(element as Element);
  startDateTimes(element as Element);
});
