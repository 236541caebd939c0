PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin
MUSIC ?= demo/music
DATA ?= training-music/manifest.csv
TABLE ?= music/tracks.csv
TEACHERS ?= weights
MINUTES ?= 60
LIBRARY ?= demo/$(if $(filter demo/music,$(MUSIC)),demo,own).db

.PHONY: demo training-music encoder tables test test-slow check bench wheel clean

# ---- the light core, in an environment of its own
$(VENV)/light: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install -q -c constraints.txt -e .
	touch $@

# ---- everything, for tests
$(VENV)/dev: $(VENV)/light
	$(BIN)/pip install -q -c constraints.txt torch==2.13.0
	$(BIN)/pip install -q -c constraints.txt -e '.[dev]'
	touch $@

demo/music: scripts/demo_music.py | $(VENV)/light
	$(BIN)/python scripts/demo_music.py demo/music

demo: $(VENV)/light $(if $(filter demo/music,$(MUSIC)),demo/music)
	@mkdir -p $(dir $(LIBRARY))
	$(BIN)/menura index "$(MUSIC)" --library $(LIBRARY)
	@echo; $(BIN)/menura tags 1 --library $(LIBRARY)
	@echo; echo "Similar to the first track:"
	@$(BIN)/menura similar 1 -n 5 --library $(LIBRARY)
	@echo; echo "A radio of eight from it:"
	@$(BIN)/menura playlist radio 1 --length 8 -o demo/radio.m3u8 --library $(LIBRARY)

# ---- about 14 hours of free game music from Debian, to train on (4 GB to fetch)
training-music: $(VENV)/light
	$(BIN)/python scripts/training_music.py training-music

# ---- the encoder that ships: DATA is a table or a pack, TEACHERS a folder of published weights
encoder: $(VENV)/dev
	$(BIN)/menura train encoder --data "$(DATA)" --teachers "$(TEACHERS)" -o runs/encoder \
		--minutes $(MINUTES)
	$(BIN)/menura export runs/encoder -o runs/encoder/encoder.onnx
	$(BIN)/menura evaluate runs/encoder/encoder.onnx --data "$(DATA)" --against musicnn

# ---- the tables of the analysis systems: TABLE is a manifest, TEACHERS as above (hours)
tables: $(VENV)/dev
	$(BIN)/python scripts/tables.py tables --music "$(TABLE)" --teachers "$(TEACHERS)"
	$(BIN)/python scripts/tables.py tables --keep

check: $(VENV)/dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

test: check
	$(BIN)/python -m pytest

test-slow: $(VENV)/dev
	$(BIN)/python -m pytest -m slow -s

bench: $(VENV)/dev
	$(BIN)/python benchmarks/indexing.py
	$(BIN)/python benchmarks/large_library.py
	$(BIN)/python benchmarks/training.py
	$(BIN)/python benchmarks/synthetic.py
	$(BIN)/python benchmarks/systems.py
	$(BIN)/python -m benchmarks.map

wheel: $(VENV)/light
	$(BIN)/pip wheel -q --no-deps -w dist .

clean:
	rm -rf $(VENV) demo build dist *.egg-info
