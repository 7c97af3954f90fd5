"""`python -m agentrouter_cli.demo_provider --port P`: serve until SIGTERM or Ctrl-C."""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import signal
import sys

from aiohttp import web

from agentrouter_cli.demo_provider.app import DemoSettings, create_app


def main() -> int:
    """Serve; exit 1 when the port is taken."""
    parser = argparse.ArgumentParser(prog="python -m agentrouter_cli.demo_provider", description=__doc__)
    parser.add_argument("--port", type=int, required=True, help="TCP port to listen on")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default %(default)s)")
    parser.add_argument("--name", default="demo", help="the provider's name in its answers (default %(default)s)")
    parser.add_argument("--models", default="", help="comma-separated models it knows (default: any)")
    parser.add_argument(
        "--api-key-env", default="DEMO_PROVIDER_API_KEY", help="variable with the key it demands, if set"
    )
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, stream=sys.stdout, format="%(asctime)s %(levelname)s %(message)s")
    settings = DemoSettings(
        name=options.name,
        models=tuple(filter(None, options.models.split(","))),
        api_key=os.environ.get(options.api_key_env) or None,
    )
    try:
        asyncio.run(_serve(settings, options.host, options.port))
    except OSError as problem:
        print(f"demo provider: cannot listen on {options.host}:{options.port}: {problem.strerror}", file=sys.stderr)
        return 1
    return 0


async def _serve(settings: DemoSettings, host: str, port: int) -> None:
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopped.set)
    runner = web.AppRunner(create_app(settings), access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
        print(f"demo provider {settings.name!r} listens on http://{host}:{port}/v1", flush=True)
        await stopped.wait()
    finally:
        await runner.cleanup()


if __name__ == "__main__":
    sys.exit(main())
