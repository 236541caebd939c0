"""Menura listens to a folder of music: tags, similar tracks and playlists, offline."""
