# Each target works in a bare clone with Python 3.10+; without make: sh scripts/demo.sh, sh scripts/test.sh, …
.PHONY: demo test lint bench docs clean

demo:
	@sh scripts/demo.sh

test:
	@sh scripts/test.sh

lint:
	@sh scripts/lint.sh

bench:
	@sh scripts/bench.sh

docs:
	@sh scripts/docs.sh

clean:
	rm -rf .venv build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -not -path './.git/*' -type d -prune -exec rm -rf {} +
