/** Times arrive as UTC text; scripts put the visitor's own clock in the title. */
export function startDateTimes(root: ParentNode): void {
  for (const time of root.querySelectorAll<HTMLTimeElement>("time[datetime]:not([title])")) {
    const at = new Date(time.dateTime);
    if (!Number.isNaN(at.getTime()) && time.dateTime.includes("T")) time.title = at.toLocaleString();
  }
}
