"""Opens the review pages: `streamlit run streamlit_app.py [-- RUN ...]`, or `auditor review`."""

from auditor.ui.app import main

main()
