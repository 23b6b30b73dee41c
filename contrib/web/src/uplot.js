// The charts of the status page, with their style, under the name by which src/page/page.js knows them.
import "uplot/dist/uPlot.min.css";
import uPlot from "uplot";

globalThis.uPlot = uPlot;
