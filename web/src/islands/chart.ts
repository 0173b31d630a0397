/** Draws the table that it finds (its fallback) as bars: <time datetime> and <data value> a row. */
import { BarChart } from "echarts/charts";
import { GridComponent, TooltipComponent } from "echarts/components";
import { init, use, type EChartsType } from "echarts/core";
import { CanvasRenderer } from "echarts/renderers";

use([BarChart, GridComponent, TooltipComponent, CanvasRenderer]);

interface Point {
  label: string;
  value: number;
  text: string;
}

export function mount(element: HTMLElement): void {
  const table = document.getElementById(element.dataset["table"] ?? "");
  if (!table) return;
  const points = read(table);
  if (points.length === 0) return;
  element.hidden = false;
  const chart = init(element);
  draw(chart, element, points);
  new ResizeObserver(() => chart.resize()).observe(element);
  const redraw = (): void => draw(chart, element, points);
  document.addEventListener("souk:theme", redraw);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
}

function read(table: HTMLElement): Point[] {
  return [...table.querySelectorAll("tbody tr")].map((row) => ({
    label: row.querySelector("time")?.textContent?.trim() ?? "",
    value: Number(row.querySelector("data")?.getAttribute("value") ?? 0),
    text: row.querySelector("data")?.textContent?.trim() ?? "",
  }));
}

function draw(chart: EChartsType, element: HTMLElement, points: Point[]): void {
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  const digits = Number(element.dataset["digits"] ?? 2);
  const text = colour(element, "--ink-3");
  const font = getComputedStyle(element).fontFamily;
  chart.setOption({
    animation: !still,
    animationDuration: 450,
    textStyle: { fontFamily: font, color: text },
    grid: { left: 4, right: 4, top: 16, bottom: 4, containLabel: true },
    tooltip: {
      trigger: "axis",
      renderMode: "richText",
      backgroundColor: colour(element, "--color-neutral"),
      borderWidth: 0,
      padding: [8, 12],
      textStyle: { color: colour(element, "--color-neutral-content"), fontFamily: font },
      axisPointer: { type: "shadow", shadowStyle: { color: "rgba(128,128,160,0.12)" } },
      formatter: (items: { dataIndex: number }[]) => {
        const point = points[items[0]?.dataIndex ?? 0];
        return point ? `${point.label}\n${point.text}` : "";
      },
    },
    xAxis: {
      type: "category",
      data: points.map((point) => point.label),
      axisTick: { show: false },
      axisLine: { lineStyle: { color: colour(element, "--line") } },
      axisLabel: { color: text, hideOverlap: true, fontSize: 12 },
    },
    yAxis: {
      type: "value",
      minInterval: 1, // what is counted comes whole: people, sales, the least coin
      splitLine: { lineStyle: { color: colour(element, "--line"), type: "dashed" } },
      axisLabel: {
        color: text,
        fontSize: 12,
        formatter: (value: number) => (value / 10 ** digits).toLocaleString("en"),
      },
    },
    series: [
      {
        type: "bar",
        data: points.map((point) => point.value),
        barMaxWidth: 28,
        itemStyle: { color: colour(element, "--color-primary"), borderRadius: [5, 5, 0, 0] },
        emphasis: { itemStyle: { color: colour(element, "--color-accent") } },
      },
    ],
  });
}

/** A CSS variable as rgba(): the chart library cannot read oklch or color-mix. */
function colour(element: HTMLElement, variable: string): string {
  const probe = document.createElement("i");
  probe.style.color = `var(${variable})`;
  element.append(probe);
  const computed = getComputedStyle(probe).color;
  probe.remove();
  const context = new OffscreenCanvas(1, 1).getContext("2d");
  if (!context) return "#888";
  context.fillStyle = computed;
  context.fillRect(0, 0, 1, 1);
  const [r, g, b] = context.getImageData(0, 0, 1, 1).data;
  return `rgb(${r},${g},${b})`;
}
