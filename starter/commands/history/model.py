"""``afterglow model``: what the shop's models are fitted to, what serves, and how good it is."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from math import exp
from typing import Annotated, Any

import typer

from starter.client import connect
from starter.commands.console import as_json, command, counted, database, out, table, when
from starter.models import fit_models, model_report

app = typer.Typer(help="Lifetime value and buying cycles, fitted over own orders.")
_SERVES = {
    "model": "the model",
    "own-rate": "each customer's own rate",
    "shop-mean": "the shop's mean",
    "none": "nothing",
}
_MOST_CATEGORIES = 10


@app.callback(invoke_without_command=True)
@command
def model(
    context: typer.Context,
    *,
    json: Annotated[bool, typer.Option("--json", help="Write JSON.")] = False,
) -> None:
    """Show the last fit: what serves, why nothing better, the parameters, and what was measured."""
    if context.invoked_subcommand:
        return
    with database() as opened, opened.reading() as session:
        report = model_report(session)
    if json:
        typer.echo(as_json(report))
        return
    _print_value(report["lifetime_value"])
    out.print()
    _print_cycle(report["buying_cycle"])


@app.command()
@command
def fit(
    seconds: Annotated[int, typer.Option("--wait-seconds", min=1, help="How long to wait for it.")] = 600,
) -> None:
    """Have a worker fit the models now, as it does every night."""
    fitted = asyncio.run(_fit(timedelta(seconds=seconds)))
    out.print(f"lifetime value: {_SERVES[fitted['lifetime_value']]} serves", highlight=False)
    out.print(f"buying cycle: {_SERVES[fitted['buying_cycle']]} serves", highlight=False)
    out.print(f"{counted(fitted['scored'], 'customer')} scored", highlight=False)


async def _fit(within: timedelta) -> dict[str, Any]:
    return await fit_models(await connect(), within)


def _print_value(fit: dict[str, Any] | None) -> None:
    if not _print_head("Lifetime value", fit) or fit is None:
        return
    quality = fit["quality"]
    _line(f"Customers: {quality['customers']}, returning: {quality['returning']}, scored: {fit['scored']}")
    _line("Parameters: " + ", ".join(f"{name} {value:.4g}" for name, value in fit["parameters"].items()))
    if "error" not in quality:
        return
    if not _measured(quality):
        _line("Nothing was measured: the last quarter has no orders, and none were predicted")
        return
    listed = table("On the last quarter", "Prediction", "Error, orders", "Error, value", "Value in all")
    for name, errors in quality["error"].items():
        numbers = (f"{errors['orders']:.3f}", f"{errors['value']:.2f}", f"{errors['total']:.2f}")
        listed.add_row(_SERVES[name], *numbers)
    listed.add_row("real", "-", "-", f"{quality['total']:.2f}")
    out.print(listed)
    _print_calibration(quality["calibration"])


def _measured(quality: dict[str, Any]) -> bool:
    return bool(quality["total"]) or any(any(errors.values()) for errors in quality["error"].values())


def _print_calibration(groups: list[list[float]]) -> None:
    listed = table("Orders a customer in it, by fifths of the customers", "Predicted", "Real")
    for predicted, real in groups:
        listed.add_row(f"{predicted:.3f}", f"{real:.3f}")
    out.print(listed)


def _print_cycle(fit: dict[str, Any] | None) -> None:
    if not _print_head("Buying cycle", fit) or fit is None:
        return
    parameters, quality = fit["parameters"], fit["quality"]
    _line(f"Gaps: {quality['gaps']}, in the last quarter: {quality['held_out']}")
    if parameters:
        known = sorted(parameters["categories"].items(), key=lambda each: each[1])[:_MOST_CATEGORIES]
        means = [f"{name} {exp(mean):.0f}" for name, mean in [("the shop", parameters["mean"]), *known]]
        _line("Days between orders: " + ", ".join(means))
    if not quality["held_out"]:
        return
    for share, measured in quality.get("coverage", {}).items():
        _line(f"{float(share):.0%} quantile: {measured:.1%} of the last quarter's gaps ended within it")
    for name, error in quality.get("median_error", {}).items():
        if error is not None:
            _line(f"Median error of {'the model' if name == 'model' else name}: {error:.1f} days")


def _print_head(title: str, fit: dict[str, Any] | None) -> bool:
    if fit is None:
        _line(f"{title}: not fitted yet. A worker does it every night; `afterglow model fit` does it now")
        return False
    _line(f"{title}: {_SERVES[fit['serves']]} serves, fitted {when(fit['fitted_at'])} UTC")
    if fit["why"]:
        _line(f"Why: {fit['why']}")
    return True


def _line(text: str) -> None:
    out.print(text, highlight=False, markup=False, soft_wrap=True)
