"""The review pages, opened by `auditor review` or `streamlit run streamlit_app.py`."""
